"""Overlap and Dice."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.quality.metrics import dice, overlap, overlap_of_slices


def row(*values: int) -> np.ndarray:
    return np.array([values], dtype=np.uint8)


def test_dice_is_twice_the_common_part_over_both() -> None:
    assert dice(row(1, 1, 0, 0), row(1, 0, 1, 0)) == pytest.approx(0.5)


def test_two_empty_masks_agree_completely() -> None:
    assert dice(row(0, 0), row(0, 0)) == 1


def test_a_class_in_one_mask_only_scores_nothing() -> None:
    assert overlap(row(2, 0), row(1, 0), classes=2).dice().tolist() == [0, 0]


def test_the_mean_is_over_classes_not_voxels() -> None:
    result = overlap(row(1, 1, 1, 1, 2, 0), row(1, 1, 1, 1, 0, 2), classes=2)
    assert result.dice().tolist() == [1, 0]
    assert result.mean_dice() == pytest.approx(0.5)


def test_unsure_voxels_are_left_out_on_either_side() -> None:
    assert dice(row(1, 255, 1), row(1, 1, 255)) == 1


def test_voxels_outside_the_valid_part_are_left_out() -> None:
    assert overlap(row(1, 1), row(1, 0), valid=np.array([[True, False]])).mean_dice() == 1


def test_errors_are_false_and_missed_voxels() -> None:
    assert overlap(row(1, 1, 0), row(1, 0, 1)).errors().tolist() == [2]


def test_masks_of_different_shape_are_refused() -> None:
    with pytest.raises(ValueError, match="cannot be compared"):
        dice(row(1), row(1, 0))


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 9999), classes=st.integers(1, 3))
def test_slices_add_up_to_the_cube(seed: int, classes: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = rng.choice(np.array([0, 1, 2, 3, 255], np.uint8), (2, 4, 5, 6))
    whole, summed = overlap(a, b, classes), overlap_of_slices(zip(a, b, strict=True), classes)
    np.testing.assert_array_equal(whole.both, summed.both)
    np.testing.assert_array_equal(whole.errors(), summed.errors())
    assert dice(a, b, classes) == pytest.approx(dice(b, a, classes))
