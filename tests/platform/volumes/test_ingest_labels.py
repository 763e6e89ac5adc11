"""Labels from outside, and labels for outside."""

from pathlib import Path
from typing import Any

import numpy as np
import ome_zarr.io
import ome_zarr.reader
import pytest
import tifffile

from lamella.cubes.readers import SourceError, open_source
from lamella.volumes.codec import UNSURE
from lamella.volumes.export import export_omezarr, export_tiff
from lamella.volumes.geometry import VoxelSize
from lamella.volumes.ingest_labels import LabelResult, ingest_labels
from lamella.volumes.omezarr_meta import Version
from lamella.volumes.omezarr_read import open_cube
from tests.samples import sample_folder

EM = VoxelSize(50, 4.6, 4.6, "nanometer")
SHAPE = (6, 40, 50)


def bring(tmp_path: Path, data: np.ndarray, **options: Any) -> tuple[LabelResult, np.ndarray]:
    np.save(tmp_path / "l.npy", data)
    with open_source(tmp_path / "l.npy") as source:
        result = ingest_labels(
            source, str(tmp_path / "l.zarr"), cube_shape=data.shape, voxel_size=EM, **options
        )
    cube = open_cube(str(tmp_path / "l.zarr"))
    assert cube.is_labels
    assert cube.voxel_size == EM
    assert cube.dtype.name == result.dtype
    return result, cube.read()


def few(dtype: Any, *values: int) -> np.ndarray:
    data = np.zeros(SHAPE, dtype)
    data[2, :5] = values[0]
    data[4, 10:20] = values[-1]
    return data


def test_70_000_ids_go_in_and_come_out_unchanged(tmp_path: Path) -> None:
    ids = np.random.default_rng(0).permutation(70_000).astype(np.uint32) + 1
    data = np.zeros((10, 200, 400), np.uint32)
    data.reshape(-1)[: ids.size * 10 : 10] = ids
    data[9, 199, 399] = 2**32 - 2
    tifffile.imwrite(tmp_path / "in.tif", data, photometric="minisblack", compression="zlib")
    with open_source(tmp_path / "in.tif") as source:
        result = ingest_labels(
            source, str(tmp_path / "l.zarr"), cube_shape=data.shape, voxel_size=EM
        )
    assert (result.dtype, result.ids) == ("uint32", 70_001)
    cube = open_cube(str(tmp_path / "l.zarr"))
    assert np.array_equal(cube.read(), data)
    view = cube.array()

    def slices(z0: int, z1: int) -> np.ndarray:
        return view[z0:z1]

    versions: list[Version] = ["0.4", "0.5"]
    for version in versions:
        target = tmp_path / f"out-{version}.zarr"
        checksum = export_omezarr(
            str(target),
            slices,
            shape=data.shape,
            dtype="uint32",
            voxel_size=EM,
            version=version,
        )
        assert checksum == result.checksum
        back = open_cube(str(target))
        assert (back.version, back.dtype, back.voxel_size) == (version, np.dtype("uint32"), EM)
        assert np.array_equal(back.read(), data)
    export_tiff(tmp_path / "out.tif", slices, shape=data.shape, dtype="uint32", voxel_size=EM)
    with open_source(tmp_path / "out.tif") as source:
        assert source.dtype == np.uint32
        assert source.voxel_size == EM
        assert np.array_equal(source.slices(0, 10), data)
    assert np.array_equal(tifffile.imread(tmp_path / "out.tif"), data)


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_another_library_sees_the_export_as_labels(tmp_path: Path, version: Version) -> None:
    data = few(np.uint16, 1, 700)
    export_omezarr(
        str(tmp_path / "o.zarr"),
        lambda z0, z1: data[z0:z1],
        shape=data.shape,
        dtype=np.uint16,
        voxel_size=EM,
        version=version,
        colours={1: "#E69F00"},
        extra={"provenance": {"made by": "Dana"}},
    )
    location = ome_zarr.io.parse_url(tmp_path / "o.zarr")
    assert location is not None
    node = next(iter(ome_zarr.reader.Reader(location)()))
    assert np.array_equal(np.asarray(node.data[0]), data)
    assert node.metadata["color"][1] == pytest.approx([230 / 255, 159 / 255, 0, 1])
    assert open_cube(str(tmp_path / "o.zarr")).attributes["provenance"] == {"made by": "Dana"}


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.uint32])
def test_labels_keep_their_dtype_and_their_slices_are_found(tmp_path: Path, dtype: Any) -> None:
    result, back = bring(tmp_path, few(dtype, 1, 7))
    assert result.dtype == np.dtype(dtype).name
    assert (result.labelled_slices, result.ids) == ((2, 4), 2)
    assert np.array_equal(back, few(dtype, 1, 7))


@pytest.mark.parametrize(
    ("given", "value", "stored"),
    [
        (np.uint8, 255, "uint16"),
        (np.uint16, 65535, "uint32"),
        (np.uint64, 65536, "uint32"),
        (np.int16, 200, "uint8"),
        (np.int64, 255, "uint16"),
        (np.float32, 3, "uint8"),
        (bool, 1, "uint8"),
    ],
)
def test_the_stored_dtype_can_tell_every_id_from_unsure(
    tmp_path: Path, given: Any, value: int, stored: str
) -> None:
    result, back = bring(tmp_path, few(given, value))
    assert result.dtype == stored
    assert np.array_equal(back, few(given, value))


def test_the_greatest_value_can_be_declared_unsure(tmp_path: Path) -> None:
    result, back = bring(tmp_path, few(np.uint8, 1, 255), max_is_unsure=True)
    assert (result.dtype, result.ids) == ("uint8", 1)
    assert np.array_equal(back, few(np.uint8, 1, 255))
    with open_source(tmp_path / "l.zarr") as source:
        own = ingest_labels(source, str(tmp_path / "own.zarr"), cube_shape=SHAPE)
    assert (own.dtype, own.ids, own.checksum) == ("uint8", 1, result.checksum)
    _, wide = bring(tmp_path, few(np.uint8, 1, 255), max_is_unsure=True, dtype=np.uint32)
    assert np.array_equal(wide, few(np.uint32, 1, UNSURE))


def test_ids_are_mapped_and_others_too_where_said(tmp_path: Path) -> None:
    result, back = bring(tmp_path, few(np.uint8, 4, 255), mapping={255: 1, 4: UNSURE})
    assert (result.dtype, result.ids) == ("uint8", 1)
    assert np.array_equal(back, few(np.uint8, 255, 1))
    result, back = bring(tmp_path, few(np.int32, 4, 70_000), mapping={}, others=1)
    assert (result.dtype, result.ids) == ("uint8", 1)
    assert np.array_equal(back, few(np.uint8, 1, 1))
    result, back = bring(tmp_path, few(np.int32, 4, 70_000), mapping={4: 300}, others=0)
    assert (result.dtype, result.labelled_slices) == ("uint16", (2,))


@pytest.mark.parametrize(
    ("data", "options", "fault"),
    [
        (few(np.uint8, 1, 7), {"mapping": {1: 1}}, "l.npy holds labels without a mapping: 7"),
        (few(np.int16, -1), {}, "l.npy holds values from -1 to 0"),
        (few(np.float32, 1) / 2, {}, "l.npy holds fractions"),
        (few(np.float32, 1) * np.nan, {}, "l.npy holds fractions"),
        (few(np.int64, 2**33), {}, "labels are whole numbers from 0 to 4294967295"),
        (few(np.uint32, UNSURE), {}, "kept for voxels people are unsure of"),
        (few(np.uint16, 300), {"dtype": np.uint8}, "holds the label 300, which uint8"),
        (few(np.uint8, 255), {"dtype": np.uint8}, "holds the label 255, which uint8"),
        (few(np.uint8, 1), {"mapping": {1: -1}}, "can be mapped to 0"),
    ],
)
def test_labels_that_are_none_are_refused_and_nothing_stays(
    tmp_path: Path, data: np.ndarray, options: dict[str, Any], fault: str
) -> None:
    with pytest.raises(SourceError, match=fault):
        bring(tmp_path, data, **options)
    assert not (tmp_path / "l.zarr").exists()


def test_labels_of_another_shape_than_their_cube_are_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "l.npy", few(np.uint8, 1))
    with (
        open_source(tmp_path / "l.npy") as source,
        pytest.raises(
            SourceError, match=r"l.npy have the shape 6 x 40 x 50, but their cube has 6 x"
        ),
    ):
        ingest_labels(source, str(tmp_path / "l.zarr"), cube_shape=(6, 40, 51))
    assert not (tmp_path / "l.zarr").exists()


def test_real_labels_become_one_class(tmp_path: Path) -> None:
    path = sample_folder("brats-flair-0003") / "labels.tif"
    data = tifffile.imread(path)
    with open_source(path) as source:
        result = ingest_labels(
            source, str(tmp_path / "l.zarr"), cube_shape=data.shape, mapping={}, others=1
        )
    assert np.array_equal(open_cube(str(tmp_path / "l.zarr")).read(), data > 0)
    assert result.ids == 1
    assert result.labelled_slices == tuple(np.flatnonzero(data.any(axis=(1, 2))))
