"""Which slices were edited, and the file that carries labels."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st

from napari_lamella.edits import (
    Origin,
    SliceChoice,
    as_study_labels,
    chosen_slices,
    edited_slices,
    fingerprint,
    format_slices,
    parse_slices,
    write_tiff,
)
from napari_lamella.errors import LamellaError
from napari_lamella.records import Cube
from tests.frontend.napari.fake_server import SHAPE


def origin(volume: Any) -> Origin:
    return Origin(cube_id="1", fingerprints=tuple(fingerprint(plane) for plane in volume))


def test_painted_slices_are_found() -> None:
    volume = np.zeros((5, 8, 8), np.uint32)
    before = origin(volume)
    volume[1, 2, 3] = 70_000
    volume[4] = 1
    assert edited_slices(volume, before) == [1, 4]


def test_an_edit_that_was_undone_is_none() -> None:
    volume = np.zeros((3, 8, 8), np.uint8)
    before = origin(volume)
    volume[1, 2, 3] = 1
    volume[1, 2, 3] = 0
    assert edited_slices(volume, before) == []


@given(st.sets(st.integers(0, 40), min_size=1))
def test_slices_that_are_written_down_are_read_back(slices: set[int]) -> None:
    assert parse_slices(format_slices(sorted(slices)), 41) == sorted(slices)


@pytest.mark.parametrize(
    ("text", "slices"),
    [("0-2, 9", [0, 1, 2, 9]), (" 3 – 4;3 ", [3, 4]), ("7 1", [1, 7]), ("1,,2", [1, 2])],
)
def test_slices_may_be_written_loosely(text: str, slices: list[int]) -> None:
    assert parse_slices(text, 10) == slices


@pytest.mark.parametrize("text", ["", "x", "1-", "-1", "5-3", "10", "1.5"])
def test_slices_that_do_not_exist_give_one_sentence(text: str) -> None:
    with pytest.raises(LamellaError, match="slices"):
        parse_slices(text, 10)


def test_edited_slices_need_an_edit() -> None:
    volume = np.zeros((3, 8, 8), np.uint8)
    with pytest.raises(LamellaError, match="No slice was edited"):
        chosen_slices(SliceChoice.EDITED, volume, origin=origin(volume), listed="")


def test_edited_slices_of_a_layer_from_elsewhere_are_not_known() -> None:
    volume = np.zeros((3, 8, 8), np.uint8)
    with pytest.raises(LamellaError, match="not known"):
        chosen_slices(SliceChoice.EDITED, volume, origin=None, listed="")


def test_all_or_named_slices_can_be_chosen() -> None:
    volume = np.zeros((3, 8, 8), np.uint8)
    assert chosen_slices(SliceChoice.ALL, volume, origin=None, listed="") is None
    assert chosen_slices(SliceChoice.LISTED, volume, origin=None, listed="1-2") == [1, 2]


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "uint32"])
def test_labels_keep_dtype_values_and_voxel_size(cube: Cube, tmp_path: Path, dtype: Any) -> None:
    cube = replace(cube, label_dtype=dtype)
    most = np.iinfo(dtype).max
    volume = np.random.default_rng(0).integers(0, most, SHAPE, dtype, endpoint=True)
    path = tmp_path / "labels.ome.tif"
    write_tiff(path, volume, cube, slices=None)
    with tifffile.TiffFile(path) as file:
        assert file.series[0].axes == "ZYX"
        assert file.series[0].dtype == np.dtype(dtype)
        np.testing.assert_array_equal(file.asarray(), volume)
        assert file.ome_metadata is not None
        assert 'PhysicalSizeZ="50.0" PhysicalSizeZUnit="nm"' in file.ome_metadata
        assert 'PhysicalSizeX="4.0" PhysicalSizeXUnit="nm"' in file.ome_metadata


def test_slices_that_are_not_sent_are_empty(cube: Cube, tmp_path: Path) -> None:
    path = tmp_path / "labels.ome.tif"
    write_tiff(path, np.ones(SHAPE, np.uint8), cube, slices=[1, 3])
    assert tifffile.imread(path).any(axis=(1, 2)).tolist() == [
        False, True, False, True, False, False,
    ]  # fmt: skip


def test_a_layer_of_another_shape_is_refused(cube: Cube, tmp_path: Path) -> None:
    with pytest.raises(LamellaError, match=r"6 × 128 × 19, but the cube liver-3 is 6 × 128 × 192"):
        write_tiff(tmp_path / "x.tif", np.ones((6, 128, 19), np.uint8), cube, slices=None)


@pytest.mark.parametrize(("value", "dtype"), [(255, "int64"), (300, "uint16"), (-1, "int32")])
def test_a_label_that_does_not_fit_is_named(cube: Cube, value: int, dtype: str) -> None:
    plane = np.full((4, 4), value, dtype)
    with pytest.raises(LamellaError, match=rf"Slice 3 holds the label {value}\b.*0 to 254"):
        as_study_labels(plane, cube, 3)


def test_fractions_are_no_labels(cube: Cube) -> None:
    with pytest.raises(LamellaError, match="whole numbers"):
        as_study_labels(np.zeros((4, 4)), cube, 0)


def test_a_layer_that_napari_made_itself_fits_if_its_values_do(cube: Cube) -> None:
    converted = as_study_labels(np.full((4, 4), 254, np.int64), cube, 0)
    assert converted.dtype == np.uint8
    assert converted.max() == 254
