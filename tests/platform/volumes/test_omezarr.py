"""Writing and reading OME-Zarr, judged by other libraries too."""

from pathlib import Path
from typing import Any

import numpy as np
import ome_zarr.io
import ome_zarr.reader
import pytest
import zarr
from ome_zarr_models import open_ome_zarr

from lamella.volumes import slabs
from lamella.volumes.downsample import mean_blocks, mode_blocks
from lamella.volumes.errors import StoreError
from lamella.volumes.geometry import Region, VoxelSize
from lamella.volumes.omezarr_meta import CubeFacts, Kind, Version
from lamella.volumes.omezarr_read import open_cube
from lamella.volumes.omezarr_write import write_image
from lamella.volumes.slabs import create_array, open_array

EM = VoxelSize(50, 4.6, 4.6, "nanometer")


def cube(shape: tuple[int, int, int] = (20, 700, 1100), dtype: Any = np.uint8) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 250, shape).astype(dtype)


def write(root: Path, data: np.ndarray, version: Version = "0.5", kind: Kind = "image") -> None:
    write_image(
        str(root),
        lambda z0, z1: data[z0:z1],
        shape=data.shape,
        dtype=data.dtype,
        kind=kind,
        voxel_size=EM,
        facts=CubeFacts(kind, "abc", 3.0, 200.0, "CC-BY-4.0", "Someone 2020"),
        name="test",
        version=version,
        colours={1: "#E69F00"} if kind == "label" else None,
    )


@pytest.mark.parametrize("version", ["0.4", "0.5"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, ">u2"])
def test_a_cube_comes_back_as_it_was_written(tmp_path: Path, version: Version, dtype: Any) -> None:
    data = cube((20, 70, 1100), dtype)
    write(tmp_path / "a.zarr", data, version)
    reader = open_cube(str(tmp_path / "a.zarr"))
    assert reader.version == version
    assert reader.shape == data.shape
    assert reader.dtype == np.dtype(dtype).newbyteorder("=")
    assert reader.voxel_size == EM
    assert np.array_equal(reader.read(), data)
    assert [level.shape for level in reader.levels] == [
        (20, 70, 1100),
        (20, 35, 550),
        (20, 18, 275),
    ]
    assert reader.levels[1].voxel_size == VoxelSize(50, 9.2, 9.2, "nanometer")
    assert np.array_equal(reader.read(1), mean_blocks(data, 1))
    assert reader.facts == CubeFacts("image", "abc", 3.0, 200.0, "CC-BY-4.0", "Someone 2020")


@pytest.mark.parametrize("version", ["0.4", "0.5"])
@pytest.mark.parametrize("kind", ["image", "label"])
def test_other_libraries_read_what_is_written(tmp_path: Path, version: Version, kind: Kind) -> None:
    data = cube()
    write(tmp_path / "a.zarr", data, version, kind)
    location = ome_zarr.io.parse_url(tmp_path / "a.zarr")
    assert location is not None
    node = next(iter(ome_zarr.reader.Reader(location)()))
    assert np.array_equal(np.asarray(node.data[0]), data)
    assert node.data[1].shape == (20, 350, 550)
    assert [axis["unit"] for axis in node.metadata["axes"]] == ["nanometer"] * 3
    transforms = node.metadata["coordinateTransformations"]
    assert transforms[0][0] == {"type": "scale", "scale": [50, 4.6, 4.6]}
    model = open_ome_zarr(zarr.open_group(tmp_path / "a.zarr", mode="r"))
    assert type(model).__name__ == ("Image" if kind == "image" else "ImageLabel")
    assert not (tmp_path / "a.zarr" / slabs.MARKERS).exists()


def test_level_0_is_sharded_and_thin_along_z(tmp_path: Path) -> None:
    write(tmp_path / "a.zarr", cube())
    array = zarr.open_array(tmp_path / "a.zarr" / "0", mode="r")
    assert array.chunks == (1, 512, 512)
    assert array.shards == (16, 1024, 1536)
    assert array.metadata.dimension_names == ("z", "y", "x")  # type: ignore[union-attr]


def test_coarse_labels_hold_no_values_that_were_not_there(tmp_path: Path) -> None:
    data = np.kron(cube((3, 130, 300), np.uint32) % 5 * 70_000, np.ones((1, 2, 2), np.uint32))
    data = np.pad(data, ((0, 0), (0, 0), (1, 0)))
    write(tmp_path / "a.zarr", data, kind="label")
    reader = open_cube(str(tmp_path / "a.zarr"))
    assert reader.is_labels
    assert reader.read(1).dtype == np.uint32
    assert set(np.unique(reader.read(1))) <= set(np.unique(data))


def test_mode_takes_the_majority_and_mean_rounds() -> None:
    block = np.array([[[1, 9, 7], [9, 9, 7]]], np.uint8)
    assert mode_blocks(block, 1).tolist() == [[[9, 7]]]
    assert mean_blocks(block, 1).tolist() == [[[7, 7]]]
    high = np.full((2, 2, 2), 65535, np.uint16)
    assert mean_blocks(high, 2).tolist() == [[[65535]]]
    holed = np.array([[[np.nan, 2.0], [4.0, np.inf]]], np.float32)
    assert mean_blocks(holed, 1).tolist() == [[[3.0]]]


def test_a_cube_is_read_by_block_region_and_like_an_array(tmp_path: Path) -> None:
    data = cube()
    write(tmp_path / "a.zarr", data)
    reader = open_cube(str(tmp_path / "a.zarr"))
    assert np.array_equal(
        reader.read(0, slice(2, 5), slice(10, 20), slice(600, 700)), data[2:5, 10:20, 600:700]
    )
    assert np.array_equal(reader.region(Region(4, 5, 6, 7, 8)), data[4, 5:12, 6:14])
    view = reader.array()
    assert (len(view), view.shape, view.ndim) == (20, data.shape, 3)
    assert view.dtype == np.uint8
    assert np.array_equal(view[3], data[3])
    assert np.array_equal(view[-1, 5], data[-1, 5])
    assert np.array_equal(view[1:3, :, 7], data[1:3, :, 7])
    assert np.array_equal(view[..., 7], data[..., 7])
    assert np.array_equal(np.asarray(view), data)
    with pytest.raises(IndexError, match="outside"):
        view[20]
    assert len(list(view)) == 20


def test_a_plane_has_square_pixels_and_a_bounded_size(tmp_path: Path) -> None:
    data = cube()
    write(tmp_path / "a.zarr", data)
    reader = open_cube(str(tmp_path / "a.zarr"))
    assert reader.plane("z", 3, 256).shape == (163, 256)
    assert np.array_equal(reader.plane("z", 3, 5000), data[3])
    # 20 sections of 50 nm beside 1100 voxels of 4.6 nm.
    assert reader.plane("y", 3, 256).shape == (51, 256)
    assert reader.plane("x", 3, 256).shape == (80, 256)
    flat = np.full((4, 600, 600), 77, np.uint8)
    write(tmp_path / "b.zarr", flat)
    assert (open_cube(str(tmp_path / "b.zarr")).plane("z", 0, 100) == 77).all()
    with pytest.raises(IndexError, match="no plane z = 20"):
        reader.plane("z", 20, 256)


def test_a_plane_of_labels_holds_only_labels(tmp_path: Path) -> None:
    data = cube((4, 700, 700), np.uint32) * 300_000
    write(tmp_path / "a.zarr", data, kind="label")
    plane = open_cube(str(tmp_path / "a.zarr")).plane("z", 1, 100)
    assert plane.dtype == np.uint32
    assert set(np.unique(plane)) <= set(np.unique(data))


def test_channels_and_times_of_a_foreign_image_can_be_chosen(tmp_path: Path) -> None:
    data = np.random.default_rng(1).integers(0, 9, (2, 3, 4, 50, 60)).astype(np.uint16)
    group = zarr.open_group(tmp_path / "f.zarr", mode="w", zarr_format=2)
    group.create_array("s0", data=data)
    group.attrs["multiscales"] = [
        {
            "axes": [
                {"name": "t", "type": "time"},
                {"name": "c", "type": "channel"},
                {"name": "z", "type": "space", "unit": "micrometer"},
                {"name": "y", "type": "space", "unit": "nanometer"},
                {"name": "x", "type": "space", "unit": "nanometer"},
            ],
            "datasets": [
                {
                    "path": "s0",
                    "coordinateTransformations": [{"type": "scale", "scale": [1, 1, 0.05, 5, 5]}],
                }
            ],
            "coordinateTransformations": [{"type": "scale", "scale": [1, 1, 2, 2, 2]}],
            "version": "0.4",
        }
    ]
    reader = open_cube(str(tmp_path / "f.zarr"), channel=2, time=1)
    assert reader.channels == 3
    assert np.array_equal(reader.read(), data[1, 2])
    assert reader.voxel_size == VoxelSize(100, 10, 10, "nanometer")
    with pytest.raises(StoreError, match="channel 3 is not there"):
        open_cube(str(tmp_path / "f.zarr"), channel=3)


def test_axes_in_another_order_come_out_as_zyx(tmp_path: Path) -> None:
    data = cube((4, 50, 60))
    group = zarr.open_group(tmp_path / "f.zarr", mode="w", zarr_format=3)
    group.create_array("0", data=np.ascontiguousarray(data.transpose(2, 1, 0)))
    group.attrs["ome"] = {
        "version": "0.5",
        "multiscales": [
            {
                "axes": [{"name": name, "type": "space"} for name in "xyz"],
                "datasets": [{"path": "0"}],
            }
        ],
    }
    reader = open_cube(str(tmp_path / "f.zarr"))
    assert np.array_equal(reader.read(), data)
    assert np.array_equal(reader.array()[2, :, 5], data[2, :, 5])
    assert reader.voxel_size is None


@pytest.mark.parametrize(
    ("attributes", "fault"),
    [
        ({}, "not an OME-Zarr image"),
        ({"multiscales": "yes"}, "not an OME-Zarr image"),
        ({"multiscales": [{"axes": [{"name": "y"}, {"name": "x"}]}]}, "needs z, y and x"),
        ({"multiscales": [{"axes": list("zyx"), "datasets": []}]}, "lists no arrays"),
        (
            {"multiscales": [{"axes": list("zyx"), "datasets": [{"path": "../x"}]}]},
            "no path inside",
        ),
        ({"multiscales": [{"axes": list("zyx"), "datasets": [{"path": "9"}]}]}, "cannot be opened"),
        (
            {"multiscales": [{"axes": list("czyx"), "datasets": [{"path": "0"}]}]},
            "4 axes, but has 3",
        ),
    ],
)
def test_a_broken_store_is_refused_with_one_sentence(
    tmp_path: Path, attributes: dict[str, Any], fault: str
) -> None:
    group = zarr.open_group(tmp_path / "f.zarr", mode="w", zarr_format=2)
    group.create_array("0", data=cube((2, 3, 4)))
    group.attrs.update(attributes)
    with pytest.raises(StoreError, match=fault) as caught:
        open_cube(str(tmp_path / "f.zarr"))
    assert "f.zarr" in str(caught.value)


def test_a_folder_that_is_no_store_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be opened as a zarr group"):
        open_cube(str(tmp_path / "nothing.zarr"))


def test_an_array_is_taken_up_where_its_writer_was_killed(tmp_path: Path) -> None:
    data = cube((2, 40, 30, 20)[1:])
    both = np.stack([data, data // 2])
    first = create_array(str(tmp_path), "p", shape=(2, 40, 30, 20), dtype=np.uint8, attrs={"m": 1})
    first.write(16, both[:, 16:32])
    again = create_array(str(tmp_path), "p", shape=(2, 40, 30, 20), dtype=np.uint8, attrs={"m": 1})
    assert again.pending == [(0, 16), (32, 40)]
    with pytest.raises(StoreError, match="lacks 2 slabs"):
        again.finish()
    for z0, z1 in again.pending:
        again.write(z0, both[:, z0:z1])
    again.finish({"note": "done"})
    found = open_array(str(tmp_path), "p")
    assert found.complete
    assert np.array_equal(found[:], both)
    assert found.array.attrs["note"] == "done"


def test_an_array_of_something_else_is_begun_anew(tmp_path: Path) -> None:
    first = create_array(str(tmp_path), "p", shape=(20, 30, 20), dtype=np.uint8, attrs={"m": 1})
    first.write(0, np.ones((16, 30, 20), np.uint8))
    again = create_array(str(tmp_path), "p", shape=(20, 30, 20), dtype=np.uint8, attrs={"m": 2})
    assert again.pending == [(0, 16), (16, 20)]
    assert not again[:].any()


def test_a_slab_of_the_wrong_shape_place_or_dtype_is_refused(tmp_path: Path) -> None:
    array = create_array(str(tmp_path), "p", shape=(20, 30, 20), dtype=np.uint8)
    with pytest.raises(ValueError, match="has shape"):
        array.write(0, np.ones((15, 30, 20), np.uint8))
    with pytest.raises(ValueError, match="No slab"):
        array.write(4, np.ones((16, 30, 20), np.uint8))
    with pytest.raises(ValueError, match="holds uint8"):
        array.write(0, np.ones((16, 30, 20), np.uint16))


def test_an_array_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no array named p"):
        open_array(str(tmp_path), "p")
