"""Objects in 3D."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.measure import label, regionprops

from models.quality.objects import ObjectFinder, Objects, object_slices


def find_objects(labels: np.ndarray) -> Objects:
    return found_in(labels).objects()


def found_in(labels: np.ndarray) -> ObjectFinder:
    finder = ObjectFinder()
    for plane in labels:
        finder.add(plane)
    return finder


def test_a_box_has_its_volume_centroid_and_bounds() -> None:
    labels = np.zeros((5, 8, 9), dtype=np.uint8)
    labels[1:4, 2:5, 3:7] = 1
    found = find_objects(labels)
    assert len(found) == 1
    assert found.volume[0] == 36
    np.testing.assert_allclose(found.centroid[0], [2, 3, 4.5])
    np.testing.assert_array_equal(found.low[0], [1, 2, 3])
    np.testing.assert_array_equal(found.high[0], [4, 5, 7])


def test_a_fork_that_joins_slices_later_is_one_object() -> None:
    labels = np.zeros((3, 4, 9), dtype=np.uint8)
    labels[0, 1, 1:3] = labels[0, 1, 6:8] = 1
    labels[1, 1, 1:3] = labels[1, 1, 6:8] = 1
    labels[2, 1, 1:8] = 1
    assert len(find_objects(labels)) == 1


def test_touching_objects_of_different_value_stay_apart() -> None:
    labels = np.zeros((2, 4, 4), dtype=np.uint16)
    labels[:, :, :2], labels[:, :, 2:] = 300, 70
    found = find_objects(labels)
    assert sorted(found.value.tolist()) == [70, 300]


def test_unsure_voxels_and_empty_cubes_are_no_object() -> None:
    assert len(find_objects(np.full((2, 3, 3), 255, np.uint8))) == 0
    assert len(find_objects(np.zeros((0, 3, 3), np.uint8))) == 0


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 9999), density=st.floats(0.05, 0.7))
def test_streaming_finds_what_the_whole_cube_shows(seed: int, density: float) -> None:
    rng = np.random.default_rng(seed)
    labels = (rng.random((5, 7, 8)) < density).astype(np.uint8) * rng.integers(
        1, 3, (5, 7, 8)
    ).astype(np.uint8)
    finder = found_in(labels)
    ids, found = np.stack(list(object_slices(labels, finder.owners()))), finder.objects()
    whole = label(labels, background=0, connectivity=1)  # type: ignore[no-untyped-call]
    assert len(found) == whole.max()
    pairs = np.unique(np.stack([ids.ravel(), whole.ravel()]), axis=1)
    assert pairs.shape[1] == len(np.unique(whole))
    assert ids.dtype == np.uint32
    for region in regionprops(ids.astype(np.int64)):  # type: ignore[no-untyped-call]
        row = region.label - 1
        assert found.volume[row] == region.area
        np.testing.assert_allclose(found.centroid[row], region.centroid)
        assert (*found.low[row], *found.high[row]) == region.bbox


def test_many_ids_keep_their_values() -> None:
    values = np.arange(1, 70_001, dtype=np.uint32)
    labels = np.zeros((2, 300, 300), dtype=np.uint32)
    labels.reshape(2, -1)[:, : len(values)] = values
    found = find_objects(labels)
    assert len(found) == 70_000
    assert set(found.value.tolist()) == set(values.tolist())
    assert found.volume.tolist() == [2] * 70_000


def test_labels_that_are_not_unsigned_are_refused() -> None:
    with pytest.raises(TypeError, match="unsigned integers"):
        find_objects(np.zeros((1, 2, 2), dtype=np.int32))
