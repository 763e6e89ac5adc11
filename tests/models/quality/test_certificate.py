"""Dice of a cube from tiles drawn blind."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.quality.certificate import Tiles, certify, normal_interval


def sample(
    n: int = 40, chance: float = 0.1, false: float = 4.0, missed: float = 6.0, classes: int = 1
) -> Tiles:
    shape = (classes, n)
    both = np.full(shape, 90.0)
    return Tiles(np.full(n, chance), both + false, both + missed, both)


def test_the_estimate_is_the_dice_of_what_was_audited() -> None:
    tiles = sample()
    got = certify(tiles, np.array([940.0 * 10 * 4]), 40.0)
    assert got.dice.value == pytest.approx(180 / 190, abs=1e-6)
    assert got.dice.low < got.dice.value < got.dice.high
    assert got.tiles == 40


def test_auditing_everything_leaves_no_doubt() -> None:
    rng = np.random.default_rng(0)
    both = rng.uniform(10, 90, (1, 30))
    predicted, true = both + rng.uniform(0, 9, (1, 30)), both + rng.uniform(0, 9, (1, 30))
    got = certify(Tiles(np.ones(30), predicted, true, both), predicted.sum(1), 30.0)
    assert got.dice.value == pytest.approx(2 * both.sum() / (predicted.sum() + true.sum()))
    assert got.dice.high - got.dice.low < 1e-9


def test_a_faultless_small_sample_does_not_promise_a_faultless_cube() -> None:
    got = certify(sample(20, false=0, missed=0), np.array([20 * 10 * 90.0]), 20.0)
    assert got.dice.value == got.dice.high == 1
    assert got.dice.low < 0.95


@pytest.mark.parametrize("n", [0, 1, 4])
def test_too_few_tiles_leave_everything_possible(n: int) -> None:
    got = certify(sample(n), np.array([1000.0]), 3.0)
    assert (got.dice.low, got.dice.high, got.tiles) == (0, 1, n)


def test_a_look_that_may_cost_nothing_says_nothing_new() -> None:
    got = certify(sample(), np.array([37600.0]), 40.0, alpha=0.0)
    assert (got.dice.low, got.dice.high) == (0, 1)
    assert "since the last certificate" in got.note


def test_the_mean_over_classes_lies_between_the_classes() -> None:
    both = np.vstack([np.full(40, 90.0), np.full(40, 50.0)])
    tiles = Tiles(np.full(40, 0.1), both + 5, both + 5, both)
    got = certify(tiles, np.array([38000.0, 22000.0]), 40.0)
    assert got.classes[1].value < got.dice.value < got.classes[0].value
    assert got.classes[1].low < got.dice.low < got.classes[0].low


def test_the_mean_over_classes_of_opposite_errors_is_surer_than_each() -> None:
    lost = np.random.default_rng(0).uniform(0, 20, 40)
    both = np.full((2, 40), 70.0)
    true = np.vstack([both[0] + lost, both[1] + 20 - lost])
    got = certify(Tiles(np.full(40, 0.1), both, true, both), np.full(2, 28000.0), 40.0)
    widths = [c.high - c.low for c in got.classes]
    assert got.dice.high - got.dice.low < min(widths)


def test_the_same_audit_gives_the_same_certificate_again() -> None:
    first, again = (certify(sample(), np.array([37600.0]), 40.0) for _ in range(2))
    assert first == again


def test_an_impossible_chance_is_refused() -> None:
    with pytest.raises(ValueError, match="chance"):
        Tiles(np.array([0.0]), *(np.ones((1, 1)),) * 3)


def test_counts_of_other_tiles_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\(classes, tiles\)"):
        Tiles(np.array([0.5]), *(np.ones((1, 2)),) * 3)


def test_a_cube_without_foreground_is_finite() -> None:
    zero = np.zeros((1, 9))
    got = certify(Tiles(np.full(9, 0.2), zero, zero, zero), np.zeros(1), 9.0)
    assert got.dice.value == 1
    assert 0 <= got.dice.low <= got.dice.high <= 1


def test_an_error_in_one_tile_widens_the_lower_side_more_than_a_normal_interval() -> None:
    both = np.full((1, 60), 90.0)
    true = both.copy()
    true[0, 0] += 300
    tiles = Tiles(np.full(60, 0.1), both, true, both)
    args = (tiles, np.array([54000.0]), 60.0)
    assert certify(*args).dice.low < normal_interval(*args).low


@settings(max_examples=25, deadline=None)
@given(
    st.integers(5, 40),
    st.integers(1, 3),
    st.floats(0.01, 1.0),
    st.integers(0, 10_000),
    st.floats(0.0005, 0.3),
)
def test_bounds_are_in_order_and_in_range(
    n: int, classes: int, chance: float, seed: int, alpha: float
) -> None:
    rng = np.random.default_rng(seed)
    both = rng.integers(0, 50, (classes, n)).astype(float)
    predicted = both + rng.integers(0, 9, (classes, n)).astype(float)
    true = both + rng.integers(0, 9, (classes, n)).astype(float)
    tiles = Tiles(np.full(n, chance), predicted, true, both)
    got = certify(tiles, predicted.sum(1) / chance, float(n), alpha)
    for interval in (got.dice, *got.classes):
        assert 0 <= interval.low <= interval.value <= interval.high <= 1
