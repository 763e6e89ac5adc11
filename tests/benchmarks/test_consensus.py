"""The consensus benchmark: what its invented crowds turn out to be, and what its rows count."""

import numpy as np

from benchmarks.consensus.cases import CASES, people_of, play
from benchmarks.consensus.crowd import _left, _missed, calibration
from benchmarks.consensus.scenes import Scene, dice, draw, make_scene, propose


def test_the_six_cases_have_the_people_they_name() -> None:
    spam = {case: sorted(p.spam for p in people_of(case) if p.spam) for case in CASES}
    assert spam == {
        "a": [],
        "b1": ["empty"] * 2,
        "b2": ["noise"] * 2,
        "b3": ["other"] * 2,
        "c": [],
        "c5": [],
    }
    wide = {case: sum(p.wide > 0 for p in people_of(case)) for case in CASES}
    assert wide == {"a": 0, "b1": 0, "b2": 0, "b3": 0, "c": 3, "c5": 5}


def test_a_case_is_played_the_same_again_and_seeds_differ() -> None:
    first, again, other = (
        play("b1", True, seed=seed, images=2, side=128, compared=0).dice["skill"]
        for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other


def test_single_masks_are_of_the_quality_that_the_issue_names() -> None:
    rng = np.random.default_rng(3)
    scenes = [make_scene(rng, 384) for _ in range(4)]
    single = [dice(draw(rng, s, p, None), s.truth) for s in scenes for p in people_of("a")]
    assert min(single) > 0.80
    assert max(single) < 0.99


def test_needed_changes_are_objects_not_shown_and_shown_ones_that_are_not_there() -> None:
    labels: np.ndarray = np.zeros((60, 60), np.int32)
    labels[5:15, 5:15], labels[5:15, 40:50] = 1, 2
    scene = Scene(labels, np.zeros((60, 60), np.float32), labels)
    shown: np.ndarray = np.zeros((60, 60), np.uint8)
    shown[5:15, 5:15] = 1
    shown[40:50, 40:50] = 1
    assert list(_missed(scene, shown, shown)) == [1.0]
    assert list(_left(scene, shown, shown)) == [1.0]
    assert list(_missed(scene, scene.truth, shown)) == [0.0]
    assert list(_left(scene, scene.truth, shown)) == [0.0]


def test_calibration_sees_confident_errors() -> None:
    honest, _ = calibration([0.1] * 90 + [0.9] * 10, [False] * 81 + [True] * 18 + [False])
    lying, worst = calibration([0.02] * 100, [True] * 50 + [False] * 50)
    assert honest < 0.01
    assert lying > 0.4
    assert worst > 0.4


def test_proposals_of_the_scenario_miss_and_invent() -> None:
    rng = np.random.default_rng(5)
    shown = [(s, propose(rng, s)) for s in (make_scene(rng, 384) for _ in range(6))]
    assert sum(len(list(_missed(s, p, p))) for s, p in shown) > 0
    assert sum(len(list(_left(s, p, p))) for s, p in shown) > 0
