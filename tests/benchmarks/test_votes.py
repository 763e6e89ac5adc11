"""Predicted against observed vote fractions: what a bin says, and which slices were seen."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.votes import BINS, ENOUGH, PEOPLE, drawn, foretell, reliability
from models.config import TrainConfig
from tests.models.networks.toys import blobs

PIXELS = BINS * ENOUGH


def every_fraction() -> np.ndarray:
    """The same number of pixels, enough of them, in each bin."""
    return ((np.arange(PIXELS) + 0.5) / PIXELS).astype(np.float32)


def test_what_comes_true_is_reliable() -> None:
    found = reliability(every_fraction(), every_fraction())
    assert found.worst == pytest.approx(0.0, abs=1e-6)
    assert found.mean == pytest.approx(0.0, abs=1e-6)
    assert len(found.bins) == BINS


@given(st.integers(0, BINS - 1), st.floats(0.05, 0.5))
def test_the_worst_bin_speaks_for_all(bin_: int, off: float) -> None:
    predicted, inside = every_fraction(), np.arange(PIXELS) // ENOUGH == bin_
    observed = predicted + np.where(inside, off if bin_ < BINS // 2 else -off, 0)
    found = reliability(predicted, observed.astype(np.float32))
    assert found.worst == pytest.approx(off, abs=1e-4)
    assert found.mean is not None
    assert found.mean <= off + 1e-4


def test_votes_vary_about_their_share_without_harm() -> None:
    rng = np.random.default_rng(0)
    observed = rng.binomial(PEOPLE, every_fraction()) / PEOPLE
    found = reliability(every_fraction(), observed.astype(np.float32))
    assert found.worst is not None
    assert found.worst < 0.05


def test_bins_with_few_pixels_and_pixels_without_votes_say_nothing() -> None:
    predicted = np.concatenate([np.full(ENOUGH, 0.05), np.full(ENOUGH - 1, 0.55), [0.55]])
    observed = predicted.copy()
    observed[-1] = np.nan
    found = reliability(predicted.astype(np.float32), observed.astype(np.float32))
    assert [pixels for _, _, pixels in found.bins] == [ENOUGH]
    assert found.mean is None
    nothing = reliability(np.zeros(3, np.float32), np.full(3, np.nan, np.float32))
    assert nothing.worst is None


def test_slices_that_were_learned_are_not_judged() -> None:
    image, labels = blobs((30, 40, 44))
    votes = drawn(image, labels > 0, "toy", 0)
    judged = {z for z, _ in votes.unseen}
    assert judged | set(votes.cube.known) == set(range(30))
    assert not judged & set(votes.cube.known)
    assert all(len(masks) == PEOPLE for _, masks in votes.unseen)
    again = drawn(image, labels > 0, "toy", 0)
    for z, masks in again.unseen:
        np.testing.assert_array_equal(masks, dict(votes.unseen)[z])


def test_foretelling_votes_gives_figures_with_little_training() -> None:
    image, labels = blobs((16, 40, 44))
    votes = drawn(image, labels > 0, "toy", 0)
    config = TrainConfig(max_seconds=None, max_steps=2, crop=32, windows=2, pixels=0, threads=1)
    found = foretell(votes, config)
    assert found.votes.worst is not None
    assert 0.0 <= found.votes.worst <= 1.0
    assert 0.0 <= found.dice <= 1.0
