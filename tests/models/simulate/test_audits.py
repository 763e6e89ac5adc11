"""Certificates keep their word in simulated studies: a small version of the benchmark."""

import numpy as np
import pytest

from models.simulate.audits import AuditedStudy, counted, invented, looks, undoubted


@pytest.fixture(scope="module")
def stuck() -> list[list[tuple[float, float, float]]]:
    """(truth, low, high) of each look at studies whose every proposal, of .80, is accepted."""
    found = []
    for seed in range(25):
        study = invented(np.random.default_rng(seed), depth=40, dice=[0.8] * 4)
        said = [(s.dice, s.certified.dice) for s in looks(study, seed)]
        found.append([(truth, dice.low, dice.high) for truth, dice in said])
    return found


def test_the_truth_is_in_the_interval_at_every_look(
    stuck: list[list[tuple[float, float, float]]],
) -> None:
    hits = [all(low <= truth <= high for truth, low, high in said) for said in stuck]
    assert np.mean(hits) >= 0.92


def test_a_study_under_its_target_hardly_ever_stops(
    stuck: list[list[tuple[float, float, float]]],
) -> None:
    stops = [any(low >= truth + 0.01 for truth, low, _ in said) for said in stuck]
    assert np.mean(stops) <= 0.05


def test_the_last_interval_says_something(stuck: list[list[tuple[float, float, float]]]) -> None:
    assert np.mean([(said[-1][2] - said[-1][1]) / 2 for said in stuck]) < 0.08


def test_holding_audits_back_gives_narrower_certificates_than_fresh_ones() -> None:
    def width(study: AuditedStudy, fresh: bool) -> float:
        last = list(looks(study, 0, fresh=fresh))[-1].certified.dice
        return last.high - last.low

    study = invented(np.random.default_rng(0), depth=40)
    assert width(study, fresh=False) < 0.6 * width(study, fresh=True)


def test_objects_that_nobody_doubts_hardly_ever_lie_below_the_lower_bound() -> None:
    """The doubted tiles are all but certain to be audited; that tells nothing of the others."""
    above = []
    for seed in range(30):
        study = undoubted(np.random.default_rng([seed, 3]), 0.02, rounds=2)
        above.append(any(s.certified.dice.low > s.dice for s in looks(study, seed)))
    assert np.mean(above) <= 0.05


def test_undoubted_errors_lie_where_there_is_no_doubt() -> None:
    study = undoubted(np.random.default_rng(0), 0.02)
    last = study.rounds[-1]
    wrong = last.predicted + last.true - 2 * last.both
    blind = last.doubt == 0
    assert np.mean(blind) == pytest.approx(0.95, abs=0.01)
    assert 0.01 < np.mean(wrong[0, blind] > 0) < 0.03
    assert wrong[0, blind].max() == pytest.approx(150)
    assert study.rounds[0].dice < last.dice < 0.95


def test_invented_studies_have_the_quality_they_were_asked_for() -> None:
    study = invented(np.random.default_rng(2), dice=[0.8, 0.9])
    assert [round(r.dice, 1) for r in study.rounds] == [0.8, 0.9]


def test_a_real_cube_is_counted_tile_by_tile() -> None:
    z, y, x = np.indices((16, 24, 24))
    truth = (((z - 8) * 2) ** 2 + (y - 12) ** 2 + (x - 12) ** 2 < 81).astype(np.uint8)
    study = counted(truth, 1, [0.2, 0.5])
    assert study.area.sum() == truth.size
    assert study.rounds[0].true.sum() == truth.sum()
    assert study.rounds[0].dice < study.rounds[1].dice <= 1
