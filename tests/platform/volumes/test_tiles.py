"""Tiles as pictures, and cubes that stay in place."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import zarr

from lamella.cubes.readers import SourceError, open_source
from lamella.volumes.ingest import CubeMeta, ingest
from lamella.volumes.omezarr_read import open_cube
from lamella.volumes.register import register
from lamella.volumes.tiles import encode_jpeg, encode_png16, read_tile, to_8_bit


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "float32"])
def test_a_window_is_stretched_to_8_bits(dtype: str) -> None:
    plane = np.array([[0, 50, 100, 150, 200]]).astype(dtype)
    assert to_8_bit(plane, 50, 150).tolist() == [[0, 0, 128, 255, 255]]


def test_not_a_number_is_black_and_an_empty_window_is_no_fault() -> None:
    plane = np.array([[np.nan, np.inf, -np.inf, 3.0]], np.float32)
    assert to_8_bit(plane, 0, 3).tolist() == [[0, 255, 0, 255]]
    assert to_8_bit(np.array([[5, 6]], np.uint8), 5, 5).tolist() == [[0, 255]]


def test_a_jpeg_shows_the_window() -> None:
    plane = np.tile(np.linspace(1000, 2000, 64), (64, 1)).astype(np.uint16)
    picture = cv2.imdecode(np.frombuffer(encode_jpeg(plane, 1000, 2000), np.uint8), -1)
    assert picture is not None
    assert picture.shape == (64, 64)
    assert np.abs(picture.astype(int) - to_8_bit(plane, 1000, 2000)).max() < 8


def test_a_png_loses_nothing_of_16_bits() -> None:
    plane = np.random.default_rng(0).integers(0, 65536, (30, 40)).astype(np.uint16)
    picture = cv2.imdecode(np.frombuffer(encode_png16(plane, 0, 1), np.uint8), -1)
    assert picture is not None
    assert np.array_equal(picture, plane)
    real = cv2.imdecode(
        np.frombuffer(encode_png16(np.array([[0.5, 2.0, np.nan]], np.float32), 0, 1), np.uint8), -1
    )
    assert real is not None
    assert real.tolist() == [[32768, 65535, 0]]


def test_a_tile_is_found_by_level_slice_row_and_column(tmp_path: Path) -> None:
    data = np.random.default_rng(0).integers(0, 255, (6, 700, 1300)).astype(np.uint8)
    np.save(tmp_path / "a.npy", data)
    with open_source(tmp_path / "a.npy") as source:
        ingest(
            source, str(tmp_path / "a.zarr"), meta=CubeMeta("a"), voxel_size=(8, 8, 8), unit="nm"
        )
    cube = open_cube(str(tmp_path / "a.zarr"))
    assert [level.shape for level in cube.levels] == [(6, 700, 1300), (3, 350, 650), (2, 175, 325)]
    tile = read_tile(cube, 0, 5, 1, 2)
    assert tile is not None
    assert np.array_equal(tile, data[5, 512:, 1024:])
    coarse = read_tile(cube, 1, 5, 0, 1)
    assert coarse is not None
    assert np.array_equal(coarse, cube.read(1)[2, :, 512:])
    assert read_tile(cube, 2, 5, 0, 0) is not None
    for outside in ((3, 0, 0, 0), (0, 6, 0, 0), (0, 0, 2, 0), (0, 0, 0, 3), (0, -1, 0, 0)):
        assert read_tile(cube, *outside) is None


def test_a_store_in_place_is_described_without_being_copied(tmp_path: Path) -> None:
    data = np.random.default_rng(0).integers(10, 240, (40, 50, 60)).astype(np.uint8)
    np.save(tmp_path / "a.npy", data)
    with open_source(tmp_path / "a.npy") as source:
        made = ingest(source, str(tmp_path / "a.zarr"), meta=CubeMeta("a"))
    found = register(open_cube(str(tmp_path / "a.zarr")))
    assert (found.checksum, found.low, found.high) == (made.checksum, made.low, made.high)
    group = zarr.open_group(tmp_path / "a.zarr", mode="a")
    del group.attrs["lamella"]
    found = register(open_cube(str(tmp_path / "a.zarr")))
    assert (found.low, found.high) == (10, 239)
    assert found.checksum.startswith("sampled-")
    array = zarr.open_array(tmp_path / "a.zarr" / "0", mode="a")
    array[1] = 0
    assert register(open_cube(str(tmp_path / "a.zarr"))).checksum != found.checksum


def test_a_store_of_complex_numbers_cannot_be_registered(tmp_path: Path) -> None:
    group = zarr.open_group(tmp_path / "f.zarr", mode="w", zarr_format=2)
    group.create_array("0", data=np.zeros((2, 3, 4), np.complex64))
    group.attrs["multiscales"] = [{"axes": list("zyx"), "datasets": [{"path": "0"}]}]
    with pytest.raises(SourceError, match=r"f.zarr holds voxels of type complex64"):
        register(open_cube(str(tmp_path / "f.zarr")))
