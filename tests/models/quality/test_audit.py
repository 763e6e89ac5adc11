"""Dice of a cube from a few audited tasks."""

import numpy as np
import pytest

from models.quality.audit import AuditFrame, AuditSample, estimate_dice


def population(
    rng: np.random.Generator, n: int = 120, bad: float = 0.15
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Predicted, true and common voxels of n slices; a share of them much worse than the rest."""
    true = 400 * np.sin(np.linspace(0.05, 3.1, n)) + rng.uniform(0, 60, n)
    missed = np.where(rng.random(n) < bad, 0.4, 0.08) * rng.uniform(0.5, 1.5, n)
    both = true * (1 - missed)
    return both + true * 0.05, true, both


def draw(rng: np.random.Generator, stratum: np.ndarray, each: int) -> np.ndarray:
    parts = [rng.choice(np.flatnonzero(stratum == s), each, False) for s in np.unique(stratum)]
    return np.concatenate(parts)


def thirds(predicted: np.ndarray) -> np.ndarray:
    stratum = np.zeros(len(predicted), dtype=np.int64)
    for i, part in enumerate(np.array_split(np.argsort(predicted), 3)):
        stratum[part] = i
    return stratum


def test_the_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    hits, widths, offs = [], [], []
    for _ in range(200):
        predicted, true, both = population(rng)
        stratum = thirds(predicted)
        index = draw(rng, stratum, 4)
        got = estimate_dice(
            AuditFrame(stratum, predicted), AuditSample(index, both[index], true[index])
        )
        real = 2 * both.sum() / (predicted.sum() + true.sum())
        hits.append(got.low <= real <= got.high)
        widths.append(got.high - got.low)
        offs.append(got.dice - real)
    assert np.mean(hits) >= 0.93
    assert np.mean(widths) < 0.2
    assert abs(np.mean(offs)) < 0.01


def test_auditing_everything_gives_the_dice_itself() -> None:
    predicted, true, both = population(np.random.default_rng(1), 20)
    index = np.arange(20)
    got = estimate_dice(AuditFrame(index * 0, predicted), AuditSample(index, both, true))
    assert got.dice == pytest.approx(2 * both.sum() / (predicted.sum() + true.sum()))
    assert got.high - got.low < 1e-6


def test_agreed_slices_count_as_right() -> None:
    predicted, true, both = population(np.random.default_rng(2), 30)
    index, stratum = np.array([3, 9, 20]), np.zeros(30, dtype=np.int64)
    sample = AuditSample(index, both[index], true[index])
    alone = estimate_dice(AuditFrame(stratum, predicted), sample)
    mostly_agreed = estimate_dice(AuditFrame(stratum, predicted, known_true=1e6), sample)
    assert mostly_agreed.dice > alone.dice
    assert mostly_agreed.dice > 0.99


def test_nothing_audited_says_nothing() -> None:
    empty = np.empty(0)
    got = estimate_dice(
        AuditFrame(np.zeros(4, np.int64), np.ones(4)),
        AuditSample(empty.astype(np.int64), empty, empty),
    )
    assert np.isnan(got.dice)
    assert (got.low, got.high, got.tasks) == (0, 1, 0)


def test_one_audited_task_leaves_everything_possible() -> None:
    got = estimate_dice(
        AuditFrame(np.zeros(9, np.int64), np.full(9, 5.0)),
        AuditSample(np.array([2]), np.array([5.0]), np.array([5.0])),
    )
    assert (got.dice, got.low, got.high) == (1, 0, 1)


def test_a_faultless_small_sample_does_not_promise_a_faultless_cube() -> None:
    n = 40
    index = np.array([1, 11, 21, 31])
    five = np.full(4, 5.0)
    got = estimate_dice(
        AuditFrame(np.zeros(n, np.int64), np.full(n, 5.0)), AuditSample(index, five, five)
    )
    assert got.dice == 1
    assert got.low < 0.9


def test_no_foreground_anywhere_is_finite() -> None:
    zero = np.zeros(3)
    got = estimate_dice(
        AuditFrame(np.zeros(9, np.int64), np.zeros(9)), AuditSample(np.arange(3), zero, zero)
    )
    assert got.dice == 1
    assert 0 <= got.low <= got.high <= 1


def test_missed_objects_on_slices_predicted_empty_lower_the_estimate() -> None:
    predicted = np.r_[np.full(10, 100.0), np.zeros(10)]
    stratum = np.r_[np.zeros(10), np.ones(10)].astype(np.int64)
    index = np.array([0, 1, 10, 11])
    got = estimate_dice(
        AuditFrame(stratum, predicted),
        AuditSample(index, np.array([100.0, 100, 0, 0]), np.array([100.0, 100, 50, 50])),
    )
    assert got.dice == pytest.approx(2 * 1000 / 2500, abs=0.01)


def test_a_task_audited_twice_is_refused() -> None:
    twice, five = np.array([1, 1]), np.full(2, 5.0)
    with pytest.raises(ValueError, match="names one twice"):
        estimate_dice(
            AuditFrame(np.zeros(4, np.int64), np.full(4, 5.0)), AuditSample(twice, five, five)
        )
