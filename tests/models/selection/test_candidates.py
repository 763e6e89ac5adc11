"""Slices, tiles and patch scores."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.config import SelectionConfig
from models.selection.candidates import Box, candidates, doubtful, score_boxes, tiles

SMALL = SelectionConfig(tile=50, slice_limit=100)


def test_a_slice_within_the_limit_is_one_task() -> None:
    assert tiles(100, 80, SMALL) == [Box(0, 0, 100, 80)]


@settings(max_examples=40, deadline=None)
@given(height=st.integers(1, 400), width=st.integers(101, 400))
def test_tiles_cover_a_slice_once_and_keep_the_limit(height: int, width: int) -> None:
    count = np.zeros((height, width), dtype=int)
    for box in tiles(height, width, SMALL):
        assert 0 < box.height <= 50
        assert 0 < box.width <= 50
        count[box.y0 : box.y0 + box.height, box.x0 : box.x0 + box.width] += 1
    assert (count == 1).all()


def test_candidates_run_through_z_then_rows() -> None:
    z, box = candidates((3, 120, 60), SMALL)
    assert len(z) == len(box) == 3 * 3 * 2
    assert (np.diff(z) >= 0).all()
    assert box[0].tolist() == [0, 0, 40, 30]


def test_patches_count_by_the_area_they_share_with_a_box() -> None:
    patches = np.array([[1.0, 3.0]])
    boxes = np.array([[0, 0, 16, 16], [0, 8, 16, 16], [0, 12, 16, 20]])
    np.testing.assert_allclose(score_boxes(patches, 16, boxes), [1, 2, (4 * 1 + 16 * 3) / 20])


def test_the_worst_tenth_shows_what_the_mean_hides() -> None:
    patches = np.zeros((10, 10))
    patches[0, :10] = 1
    box = np.array([[0, 0, 100, 100]])
    assert score_boxes(patches, 10, box, "top")[0] == pytest.approx(1)
    assert score_boxes(patches, 10, box)[0] == pytest.approx(0.1)


def test_missing_patches_are_left_out_and_a_box_without_any_has_no_score() -> None:
    patches = np.array([[np.nan, 2.0], [np.nan, np.nan]])
    got = score_boxes(patches, 10, np.array([[0, 0, 20, 20], [10, 0, 10, 20]]))
    assert got[0] == 2
    assert np.isnan(got[1])


def test_doubtful_patches_lie_in_the_task_worst_first() -> None:
    patches = np.arange(16, dtype=float).reshape(4, 4)
    found = doubtful(patches, 8, Box(0, 0, 16, 12), most=2)
    assert [d.score for d in found] == [5, 4]
    assert found[0].box == Box(8, 8, 8, 4)
    assert doubtful(patches, 8, Box(0, 0, 16, 16), above=100) == []
    assert doubtful(np.full((2, 2), np.nan), 8, Box(0, 0, 16, 16)) == []
