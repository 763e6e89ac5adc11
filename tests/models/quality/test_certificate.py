"""Dice of a cube from tiles drawn blind."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.quality.certificate import LOWER, UNSEEN, Certified, Tiles, certify

Counts = np.ndarray


def sure(chance: Counts, predicted: Counts, true: Counts, both: Counts) -> Tiles:
    """Tiles whose drawers were sure of everything."""
    return Tiles(chance, predicted, true, both, np.zeros_like(both))


def alike(tiles: Tiles, predicted: float | Counts, alpha: float = 0.05) -> Certified:
    """A certificate where the tiles that were not drawn have chances like those that were."""
    each = 1 / tiles.chance
    chances = np.repeat(tiles.chance, np.maximum(each.round(), 1).astype(int))
    return certify(tiles, np.atleast_1d(predicted).astype(float), chances, alpha)


def sample(
    n: int = 40, chance: float = 0.1, false: float = 4.0, missed: float = 6.0, classes: int = 1
) -> Tiles:
    shape = (classes, n)
    both = np.full(shape, 90.0)
    return sure(np.full(n, chance), both + false, both + missed, both)


def test_the_estimate_is_the_dice_of_what_was_audited() -> None:
    tiles = sample()
    got = alike(tiles, 940.0 * 10 * 4)
    assert got.dice.value == pytest.approx(180 / 190, abs=1e-6)
    assert got.dice.low < got.dice.value < got.dice.high
    assert got.tiles == 40


def test_auditing_everything_leaves_no_doubt() -> None:
    rng = np.random.default_rng(0)
    both = rng.uniform(10, 90, (1, 30))
    predicted, true = both + rng.uniform(0, 9, (1, 30)), both + rng.uniform(0, 9, (1, 30))
    got = alike(sure(np.ones(30), predicted, true, both), predicted.sum(1))
    assert got.dice.value == pytest.approx(2 * both.sum() / (predicted.sum() + true.sum()))
    assert got.dice.high - got.dice.low < 1e-9


def test_a_faultless_small_sample_does_not_promise_a_faultless_cube() -> None:
    got = alike(sample(20, false=0, missed=0), 20 * 10 * 90.0)
    assert got.dice.value == got.dice.high == 1
    assert got.dice.low < 0.95


@pytest.mark.parametrize("n", [0, 1, 4])
def test_too_few_tiles_leave_everything_possible(n: int) -> None:
    got = alike(sample(n), 1000.0)
    assert (got.dice.low, got.dice.high, got.tiles) == (0, 1, n)


def test_a_look_that_may_cost_nothing_says_nothing_new() -> None:
    got = alike(sample(), 37600.0, alpha=0.0)
    assert (got.dice.low, got.dice.high) == (0, 1)
    assert "since the last certificate" in got.note


def test_the_mean_over_classes_lies_between_the_classes() -> None:
    both = np.vstack([np.full(40, 90.0), np.full(40, 50.0)])
    tiles = sure(np.full(40, 0.1), both + 5, both + 5, both)
    got = alike(tiles, np.array([38000.0, 22000.0]))
    assert got.classes[1].value < got.dice.value < got.classes[0].value
    assert got.classes[1].low < got.dice.low < got.classes[0].low


def test_the_mean_over_classes_of_opposite_errors_is_surer_than_each() -> None:
    lost = np.random.default_rng(0).uniform(0, 20, 40)
    both = np.full((2, 40), 70.0)
    true = np.vstack([both[0] + lost, both[1] + 20 - lost])
    got = alike(sure(np.full(40, 0.1), both, true, both), np.full(2, 28000.0))
    widths = [c.high - c.low for c in got.classes]
    assert got.dice.high - got.dice.low < min(widths)


def test_the_same_audit_gives_the_same_certificate_again() -> None:
    first, again = (alike(sample(), 37600.0) for _ in range(2))
    assert first == again


def test_an_impossible_chance_is_refused() -> None:
    with pytest.raises(ValueError, match="chance"):
        Tiles(np.array([0.0]), *(np.ones((1, 1)),) * 4)


def test_counts_of_other_tiles_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\(classes, tiles\)"):
        Tiles(np.array([0.5]), *(np.ones((1, 2)),) * 4)


def test_a_cube_without_foreground_is_finite() -> None:
    zero = np.zeros((1, 9))
    got = alike(sure(np.full(9, 0.2), zero, zero, zero), 0.0)
    assert got.dice.value == 1
    assert 0 <= got.dice.low <= got.dice.high <= 1


def test_one_bad_tile_widens_the_lower_side_more_than_the_upper() -> None:
    both = np.full((1, 60), 90.0)
    true = both.copy()
    true[0, 0] += 300
    got = alike(sure(np.full(60, 0.1), both, true, both), 54000.0).dice
    assert got.value - got.low > 2 * (got.high - got.value)


@pytest.mark.parametrize("alpha", [0.0007, 0.01, 0.05])
def test_the_lower_bound_is_no_matter_of_luck(alpha: float) -> None:
    """Without any error the bound is known: the unseen tile's weight is Beta(1, n)."""
    n = 150
    got = alike(sample(n, chance=0.001, false=0, missed=0), n * 1000 * 90.0, alpha)
    unseen = 1 - (LOWER * alpha) ** (1 / n)
    assert 1 - got.dice.low == pytest.approx(UNSEEN * unseen, rel=0.02)


def test_tiles_drawn_with_certainty_leave_the_doubt_about_all_others() -> None:
    """A model that doubts few tiles strongly has them all audited, and tells nothing of the
    rest."""
    n, rest = 100, 50
    both = np.full((1, n + rest), 60.0)
    true = both.copy()
    true[0, :n] += np.random.default_rng(0).uniform(0, 40, n)
    chance = np.r_[np.ones(n), np.full(rest, 0.025)]
    chances = np.r_[np.ones(n), np.full(rest * 40, 0.025)]
    predicted = np.array([60.0 * len(chances)])
    got = certify(sure(chance, both, true, both), predicted, chances).dice
    unseen = 1 - (LOWER * 0.05) ** (1 / (n + rest))
    assert got.value - got.low > 0.9 * UNSEEN * unseen


def test_a_sample_of_all_tiles_but_one_still_leaves_that_one() -> None:
    tiles = sample(30, chance=1.0)
    whole = certify(tiles, np.array([30 * 94.0]), np.ones(30)).dice
    but_one = certify(tiles, np.array([31 * 94.0]), np.r_[np.ones(30), 0.02]).dice
    assert whole.high - whole.low < 1e-9
    assert but_one.low < but_one.value - 0.01


def test_voxels_that_nobody_is_sure_of_count_neither_for_nor_against() -> None:
    """A twentieth of the foreground is unsure, a tenth of the rest wrong."""
    both = np.full((1, 40), 90.0)
    errors = np.full((1, 40), 10.0)
    unsure = np.full((1, 40), 5.0)
    tiles = Tiles(np.full(40, 0.1), both + errors, both + errors, both, unsure)
    got = alike(tiles, 105.0 * 400).dice
    assert got.value == pytest.approx(0.9)
    assert got.low < got.value < 0.92


def test_where_everything_is_unsure_nothing_is_wrong_but_the_doubt_stays() -> None:
    zero = np.zeros((1, 20))
    tiles = Tiles(np.full(20, 0.1), zero, zero, zero, np.full((1, 20), 50.0))
    got = alike(tiles, 10_000.0).dice
    assert 0 <= got.low <= got.value <= got.high <= 1


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
    unsure = rng.integers(0, 9, (classes, n)) * (rng.random() < 0.5)
    tiles = Tiles(np.full(n, chance), predicted, true, both, unsure.astype(float))
    got = alike(tiles, (predicted + unsure).sum(1) / chance, alpha)
    for interval in (got.dice, *got.classes):
        assert 0 <= interval.low <= interval.value <= interval.high <= 1
