"""Errors planted in masks whose truth is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import label

from models.quality.planting import SMALLEST, is_mended, plant, planted_in, was_added

SIDE = 64


def discs(*centres: tuple[int, int], dtype: str = "uint8") -> np.ndarray:
    y, x = np.ogrid[:SIDE, :SIDE]
    mask = np.zeros((SIDE, SIDE), dtype)
    for value, (cy, cx) in enumerate(centres, start=1):
        mask[(y - cy) ** 2 + (x - cx) ** 2 <= 36] = value
    return mask


TRUTH = (discs((14, 14), (14, 48), (48, 20)) > 0).astype(np.uint8)


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None)
def test_one_object_is_missing_or_one_too_many(seed: int) -> None:
    shown = plant(TRUTH, False, np.random.default_rng(seed))
    assert shown is not None
    added = was_added(shown, TRUTH)
    assert label(shown)[1] == (4 if added else 2)
    assert planted_in(shown, TRUTH).sum() >= SMALLEST


def test_both_kinds_are_planted() -> None:
    kinds = set()
    for seed in range(20):
        shown = plant(TRUTH, False, np.random.default_rng(seed))
        assert shown is not None
        kinds.add(was_added(shown, TRUTH))
    assert kinds == {True, False}


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_who_draws_the_truth_mends_it_and_who_only_nods_does_not(seed: int) -> None:
    shown = plant(TRUTH, False, np.random.default_rng(seed))
    assert shown is not None
    assert is_mended(TRUTH, shown, TRUTH)
    assert not is_mended(shown, shown, TRUTH)


def test_an_object_that_was_drawn_roughly_counts_as_found() -> None:
    shown = TRUTH.copy()
    shown[:30, :30] = 0
    rough = shown.copy()
    rough[10:19, 8:20] = 1
    assert is_mended(rough, shown, TRUTH)
    unsure = shown.copy()
    unsure[:30, :30] = 255
    assert not is_mended(unsure, shown, TRUTH)


def test_an_added_object_of_an_instance_study_has_an_id_of_its_own() -> None:
    truth = discs((14, 14), (14, 48), (48, 20), dtype="uint32")
    ids = set()
    for seed in range(20):
        shown = plant(truth, True, np.random.default_rng(seed))
        assert shown is not None
        if was_added(shown, truth):
            ids |= set(np.unique(shown)) - set(np.unique(truth))
    assert ids == {4}


def test_touching_objects_of_an_instance_study_are_told_apart_by_their_ids() -> None:
    truth = np.zeros((SIDE, SIDE), np.uint32)
    truth[10:20, 10:20], truth[10:20, 20:30] = 1, 2
    truth[0:, 40:] = 2**32 - 1
    for seed in range(20):
        shown = plant(truth, True, np.random.default_rng(seed))
        assert shown is not None
        assert planted_in(shown, truth).sum() == 100


@pytest.mark.parametrize(
    "truth",
    [
        np.zeros((SIDE, SIDE), np.uint8),
        np.full((SIDE, SIDE), 255, np.uint8),
        np.eye(3, dtype=np.uint8),
    ],
    ids=["nothing", "unsure", "too small"],
)
def test_nothing_is_planted_where_there_is_no_object(truth: np.ndarray) -> None:
    assert plant(truth, False, np.random.default_rng(0)) is None


def test_where_all_is_foreground_the_object_is_taken_away() -> None:
    truth = np.ones((SIDE, SIDE), np.uint8)
    for seed in range(8):
        shown = plant(truth, False, np.random.default_rng(seed))
        assert shown is not None
        assert not shown.any()
