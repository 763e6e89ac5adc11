"""Skill: incremental, robust to those who do not try, and biases known from gold alone."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.config import CrowdConfig, SkillConfig
from models.crowd.aggregator import SHOWN, CrowdMask
from models.crowd.skill import Skill
from models.crowd.skills import SkillSnapshot, Tally, bias, estimate

NONE = SkillSnapshot()
SIDE = 96


def discs(*places: tuple[int, int, int], value: int = 1) -> np.ndarray:
    y, x = np.mgrid[:SIDE, :SIDE]
    mask: np.ndarray = np.zeros((SIDE, SIDE), np.uint8)
    for cy, cx, radius in places:
        mask[(y - cy) ** 2 + (x - cx) ** 2 <= radius**2] = value
    return mask


TRUTH = discs((24, 24, 12), (24, 70, 10), (70, 30, 14), (70, 72, 9))
EMPTY = np.zeros_like(TRUTH)


def people(*masks: np.ndarray) -> list[CrowdMask]:
    return [CrowdMask(name, mask) for name, mask in zip("abcdefghij", masks, strict=False)]


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), n=st.integers(1, 5), shown=st.booleans())
def test_mask_by_mask_is_the_same_as_all_at_once(seed: int, n: int, shown: bool) -> None:
    rng = np.random.default_rng(seed)
    proposal = discs((40, 40, 15)) if shown else EMPTY
    masks = [
        CrowdMask(str(rng.integers(0, n)), discs(*rng.integers(10, 80, (2, 3)) // (1, 1, 5)))
        for _ in range(n)
    ]
    running = Skill().start(proposal, NONE)
    for mask in masks:
        running.add(mask)
    once = Skill().aggregate(masks, proposal, NONE)
    step = running.result()
    np.testing.assert_array_equal(once.mask, step.mask)
    np.testing.assert_array_equal(once.probability, step.probability)
    assert once.decision == step.decision


@pytest.mark.parametrize("bad", [EMPTY, np.ones_like(EMPTY)], ids=["nothing", "everything"])
def test_two_of_five_who_do_not_try_change_little(bad: np.ndarray) -> None:
    result = Skill().aggregate(people(TRUTH, TRUTH, TRUTH, bad, bad), EMPTY, NONE)
    assert ((result.mask > 0) != (TRUTH > 0)).mean() < 0.01
    told = Skill().judge(people(TRUTH, TRUTH, TRUTH, bad, bad), EMPTY, NONE)
    honest, spam = estimate(told["a"]), estimate(told["d"])
    assert honest.hit - honest.false_alarm > spam.hit - spam.false_alarm + 0.3


def test_an_object_that_one_of_five_drew_is_likely_a_false_positive() -> None:
    odd = TRUTH | discs((48, 48, 6))
    result = Skill().aggregate(people(TRUTH, TRUTH, TRUTH, TRUTH, odd), EMPTY, NONE)
    np.testing.assert_array_equal(result.mask, TRUTH)
    by_doubt = sorted(result.objects, key=lambda o: o.false_positive)
    assert [o.drawn for o in by_doubt] == [5, 5, 5, 5, 1]
    assert by_doubt[-1].false_positive > 0.9 > 0.1 > by_doubt[0].false_positive


def test_whoever_has_proved_right_prevails_over_two_who_were_not() -> None:
    good = Tally(found=60, missed=1, invented=0, spared=30, tasks=10)
    poor = Tally(found=5, missed=50, invented=20, spared=10, tasks=10)
    known = SkillSnapshot(1, {"a": good, "b": poor, "c": poor})
    result = Skill().aggregate(people(TRUTH, EMPTY, EMPTY), EMPTY, known)
    np.testing.assert_array_equal(result.mask, TRUTH)


def test_too_wide_is_learned_from_gold_and_taken_off() -> None:
    wide = discs((24, 24, 15), (24, 70, 13), (70, 30, 17), (70, 72, 12))
    told = Skill().judge(people(wide, wide), EMPTY, NONE, TRUTH)
    assert bias(told["a"], SkillConfig(bias_weight=0)) == pytest.approx(3, abs=0.7)
    skills = {name: t for name, t in told.items() if name != SHOWN}
    result = Skill().aggregate(people(wide, wide), EMPTY, SkillSnapshot(1, skills))
    assert abs(int(result.mask.sum()) - int(TRUTH.sum())) < 0.2 * TRUTH.sum()


def test_without_gold_nobody_is_said_to_draw_too_wide() -> None:
    wide = discs((24, 24, 15), (24, 70, 13), (70, 30, 17), (70, 72, 12))
    told = Skill().judge(people(wide, wide, TRUTH), EMPTY, NONE)
    assert all(tally.gold == 0 for tally in told.values())


def test_who_accepts_whatever_is_shown_earns_no_trust() -> None:
    shown = discs((24, 24, 12), (24, 70, 10), (48, 48, 7))
    told = Skill().judge(people(TRUTH, TRUTH, TRUTH, shown), shown, NONE)
    stamp, honest = estimate(told["d"]), estimate(told["a"])
    assert stamp.hit < 0.6 < honest.hit
    assert told[SHOWN].found == 2
    assert told[SHOWN].invented >= 0.5


def test_two_classes_that_overlap_give_each_pixel_to_one() -> None:
    first = discs((40, 40, 14)) + 0
    second = first.copy()
    second[:, 40:][first[:, 40:] > 0] = 2
    result = Skill().aggregate(people(second, second, second, first), EMPTY, NONE)
    np.testing.assert_array_equal(result.mask, second)


def test_more_who_agree_lower_the_expected_error_until_the_task_retires() -> None:
    skill = Skill(CrowdConfig(redundancy=9, risk=0.06))
    running = skill.start(EMPTY, NONE)
    risks = []
    for item in people(*[TRUTH] * 8):
        running.add(item)
        result = running.result()
        assert result.risk is not None
        risks.append(result.risk)
        if result.decision.action == "retire":
            break
    assert risks == sorted(risks, reverse=True)
    assert "expected error" in result.decision.reason
    assert len(risks) < 8


def test_object_ids_are_kept_apart() -> None:
    ids = discs((24, 24, 12)) + discs((70, 70, 12), value=7)
    config = CrowdConfig(instances=True)
    result = Skill(config).aggregate(people(ids, ids, ids), EMPTY, NONE)
    assert sorted(np.unique(result.mask).tolist()) == [0, 1, 2]
    np.testing.assert_array_equal(result.mask > 0, ids > 0)
