"""Which tiles are drawn blind, and with what chance."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.config import BlindConfig
from models.selection.blind import chances, grid, permanent_numbers, sizes


@given(st.integers(1, 2000), st.integers(1, 2000))
def test_tiles_cover_a_slice_without_rest(height: int, width: int) -> None:
    rows, columns = grid((5, height, width))
    for cuts, length in ((rows, height), (columns, width)):
        assert (cuts[0], cuts[-1]) == (0, length)
        assert (np.diff(cuts) > 0).all()


def test_tiles_are_never_larger_than_people_can_draw() -> None:
    rows, _ = grid((5, 8000, 8000))
    assert np.diff(rows).max() <= BlindConfig().largest + 1


def test_a_tile_keeps_its_number() -> None:
    z = np.repeat(np.arange(30), 4)
    np.testing.assert_array_equal(permanent_numbers(z, 3), permanent_numbers(z, 3))
    assert (permanent_numbers(z, 3) != permanent_numbers(z, 4)).any()


def test_every_tile_is_drawn_as_often_as_its_chance_says() -> None:
    z = np.repeat(np.arange(12), 5)
    rng = np.random.default_rng(0)
    chance = chances(sizes(rng.gamma(0.5, 20, 60), np.full(60, 100.0)), np.full(60, 100.0), 0.3)
    drawn = np.mean([permanent_numbers(z, seed) < chance for seed in range(3000)], axis=0)
    np.testing.assert_allclose(drawn, chance, atol=0.04)


def test_a_sample_is_spread_over_the_slices() -> None:
    z = np.repeat(np.arange(80), 4)
    counts = [
        np.histogram(z[permanent_numbers(z, seed) < 0.1], bins=8)[0].var() for seed in range(50)
    ]
    rng = np.random.default_rng(0)
    free = [np.histogram(z[rng.random(len(z)) < 0.1], bins=8)[0].var() for _ in range(50)]
    assert np.mean(counts) < 0.7 * np.mean(free)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 9999), st.floats(0.001, 1.0))
def test_the_expected_area_is_what_was_asked_for(seed: int, share: float) -> None:
    rng = np.random.default_rng(seed)
    area = rng.uniform(50, 100, 80)
    chance = chances(sizes(rng.gamma(0.3, 30, 80), area), area, share)
    assert (chance * area).sum() == pytest.approx(share * area.sum(), rel=1e-6)
    assert ((chance > 0) & (chance <= 1)).all()


def test_chances_never_fall_so_what_was_audited_stays_audited() -> None:
    rng = np.random.default_rng(1)
    area, before = np.full(50, 10.0), np.zeros(50)
    for share in (0.02, 0.05, 0.1):
        now = chances(sizes(rng.gamma(0.5, 3, 50), area), area, share, before)
        assert (now >= before).all()
        assert (now * area).sum() == pytest.approx(share * area.sum(), rel=1e-6)
        before = now


def test_what_the_model_does_not_doubt_is_audited_too() -> None:
    doubt = np.zeros(40)
    doubt[:4] = 50
    size = sizes(doubt, np.full(40, 100.0))
    assert size[4:].min() > 0
    assert size[0] > 5 * size[-1]
