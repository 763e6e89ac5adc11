"""Every format meets the contract of readers."""

import gzip
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import cv2
import h5py
import imagecodecs
import mrcfile
import nibabel as _nibabel
import numpy as np
import PIL.Image
import pytest
import tifffile

from lamella.cubes.readers import Limits, SourceError, VolumeSource, open_source
from lamella.volumes.geometry import VoxelSize
from lamella.volumes.omezarr_meta import CubeFacts, Version
from lamella.volumes.omezarr_write import write_image
from tests.contracts.readers import ReaderContract, volume

nibabel: Any = _nibabel  # has types for a part of itself only
EM = VoxelSize(50, 4.5, 4.25, "nanometer")


class TestPlainTiff(ReaderContract):
    dtypes = ("uint8", "uint16", "int16", "uint32", "float32")
    voxel_size = None

    def write(self, folder: Path, data: np.ndarray) -> Path:
        tifffile.imwrite(folder / "stack.tif", data, photometric="minisblack", metadata=None)
        return folder / "stack.tif"


class TestCompressedBigEndianTiff(ReaderContract):
    voxel_size = None

    def write(self, folder: Path, data: np.ndarray) -> Path:
        tifffile.imwrite(
            folder / "stack.tif",
            data,
            photometric="minisblack",
            byteorder=">",
            bigtiff=True,
            compression="zlib",
            rowsperstrip=7,
            metadata=None,
        )
        return folder / "stack.tif"


class TestTiledTiff(ReaderContract):
    voxel_size = None

    def write(self, folder: Path, data: np.ndarray) -> Path:
        tifffile.imwrite(
            folder / "stack.tif", data, photometric="minisblack", tile=(16, 16), compression="lzw"
        )
        return folder / "stack.tif"


class TestOmeTiff(ReaderContract):
    def write(self, folder: Path, data: np.ndarray) -> Path:
        sizes = dict(zip(("PhysicalSizeZ", "PhysicalSizeY", "PhysicalSizeX"), EM.zyx, strict=True))
        units = {f"{name}Unit": "nm" for name in sizes}
        metadata = {"axes": "ZYX", **sizes, **units}
        tifffile.imwrite(folder / "stack.ome.tif", data, metadata=metadata, compression="zlib")
        return folder / "stack.ome.tif"


class TestImageJTiff(ReaderContract):
    def write(self, folder: Path, data: np.ndarray) -> Path:
        tifffile.imwrite(
            folder / "stack.tif",
            data,
            imagej=True,
            resolution=(1 / 0.00425, 1 / 0.0045),
            metadata={"axes": "ZYX", "spacing": 0.05, "unit": "um"},
        )
        return folder / "stack.tif"


class TestFolderOfTiff(ReaderContract):
    voxel_size = None

    def write(self, folder: Path, data: np.ndarray) -> Path:
        (folder / "stack").mkdir()
        for z, plane in enumerate(data):
            tifffile.imwrite(folder / "stack" / f"s{z + 8}.tif", plane, compression="zlib")
        return folder / "stack"


class TestFolderOfPng(ReaderContract):
    dtypes = ("uint8", "uint16")
    voxel_size = None

    def write(self, folder: Path, data: np.ndarray) -> Path:
        (folder / "stack").mkdir()
        (folder / "stack" / "notes.txt").write_text("not a slice")
        for z, plane in enumerate(data):
            # s8, s9, s10 ...: alphabetical order would shuffle them.
            cv2.imwrite(str(folder / "stack" / f"s{z + 8}.png"), plane)
        return folder / "stack"


class TestFolderOfJpeg(ReaderContract):
    dtypes = ("uint8",)
    voxel_size = None
    lossless = False

    def write(self, folder: Path, data: np.ndarray) -> Path:
        (folder / "stack").mkdir()
        for z, plane in enumerate(data):
            data_jpeg = imagecodecs.jpeg8_encode(plane, level=95)
            (folder / "stack" / f"s{z + 8}.jpg").write_bytes(data_jpeg)
        return folder / "stack"


class TestZipOfPng(ReaderContract):
    dtypes = ("uint8", "uint16")
    voxel_size = None

    def write(self, folder: Path, data: np.ndarray) -> Path:
        made = TestFolderOfPng().write(folder, data)
        with zipfile.ZipFile(folder / "stack.zip", "w") as archive:
            for file in made.iterdir():
                archive.write(file, f"top/{file.name}")
            archive.writestr("__MACOSX/top/._s8.png", b"resource fork")
        shutil.rmtree(made)
        return folder / "stack.zip"


class TestNifti(ReaderContract):
    dtypes = ("uint8", "uint16", "int16", "float32")

    def write(self, folder: Path, data: np.ndarray) -> Path:
        image = nibabel.Nifti1Image(data.transpose(2, 1, 0), np.eye(4))
        image.header.set_zooms((0.00425, 0.0045, 0.05))
        image.header.set_xyzt_units("micron")
        nibabel.save(image, folder / "stack.nii")
        return folder / "stack.nii"


class TestGzippedNifti(TestNifti):
    def write(self, folder: Path, data: np.ndarray) -> Path:
        plain = super().write(folder, data)
        packed = folder / "stack.nii.gz"
        packed.write_bytes(gzip.compress(plain.read_bytes()))
        plain.unlink()
        return packed


class TestHdf5(ReaderContract):
    def write(self, folder: Path, data: np.ndarray) -> Path:
        with h5py.File(folder / "stack.h5", "w") as file:
            file["volumes/raw"] = data
            file["volumes/raw"].attrs["element_size_um"] = [0.05, 0.0045, 0.00425]
        return folder / "stack.h5"


class TestMrc(ReaderContract):
    dtypes = ("int8", "int16", "uint16", "float32")

    def write(self, folder: Path, data: np.ndarray) -> Path:
        stored = np.int8(data % 120) if data.dtype == np.uint8 else data
        with mrcfile.new(folder / "stack.mrc") as file:
            file.set_data(stored.astype(data.dtype if data.dtype != np.uint8 else np.int8))
            file.set_volume()
            file.voxel_size = (42.5, 45.0, 500.0)
        return folder / "stack.mrc"

    def test_every_voxel_comes_back_as_zyx_in_native_order(self, tmp_path: Path) -> None:
        for dtype in self.dtypes:
            data = volume(dtype) if dtype != "int8" else (volume() % 120).astype(np.int8)
            (tmp_path / dtype).mkdir()
            with self.open(tmp_path / dtype, data) as source:
                assert source.dtype == np.dtype(dtype)
                assert np.array_equal(source.slices(0, 7), data)


class TestNpy(ReaderContract):
    dtypes = ("uint8", "uint16", "int64", "float64")
    voxel_size = None

    def write(self, folder: Path, data: np.ndarray) -> Path:
        np.save(folder / "stack.npy", data)
        return folder / "stack.npy"


class TestNpyInFortranOrder(TestNpy):
    def write(self, folder: Path, data: np.ndarray) -> Path:
        np.save(folder / "stack.npy", np.asfortranarray(data))
        return folder / "stack.npy"


class TestOmeZarr05(ReaderContract):
    version: Version = "0.5"

    def write(self, folder: Path, data: np.ndarray) -> Path:
        write_image(
            str(folder / "stack.zarr"),
            lambda z0, z1: data[z0:z1],
            shape=data.shape,
            dtype=data.dtype,
            kind="image",
            voxel_size=EM,
            facts=CubeFacts("image", "abc"),
            name="stack",
            version=self.version,
        )
        return folder / "stack.zarr"


class TestOmeZarr04(TestOmeZarr05):
    version: Version = "0.4"


def test_axes_given_by_hand_override_those_of_the_file(tmp_path: Path) -> None:
    data = volume()
    for order in ("XYZ", "YXZ", "ZXY", "XZY"):
        places = ["ZYX".index(letter) for letter in order]
        tifffile.imwrite(
            tmp_path / "a.tif", data.transpose(places), photometric="minisblack", compression="zlib"
        )
        np.save(tmp_path / "a.npy", data.transpose(places))
        for name in ("a.tif", "a.npy"):
            with open_source(tmp_path / name, axes=order.lower()) as source:
                assert source.axes == order
                assert source.shape == data.shape
                assert np.array_equal(source.slices(2, 5), data[2:5])


def test_axes_given_by_hand_take_their_voxel_sizes_along(tmp_path: Path) -> None:
    image = nibabel.Nifti1Image(volume(), np.eye(4))
    image.header.set_zooms((1, 2, 3))
    image.header.set_xyzt_units("mm")
    nibabel.save(image, tmp_path / "a.nii")
    with open_source(tmp_path / "a.nii", axes="ZYX") as source:
        assert source.voxel_size == VoxelSize(1, 2, 3, "millimeter")
        assert np.array_equal(source.slices(0, 7), volume())


def test_a_channel_of_several_is_taken_when_chosen(tmp_path: Path) -> None:
    many = np.stack([volume(), volume() // 2], axis=1)
    metadata = {"axes": "ZCYX"}
    tifffile.imwrite(tmp_path / "a.ome.tif", many, metadata=metadata, photometric="minisblack")
    with pytest.raises(SourceError, match=r"a.ome.tif has 2 channels"):
        open_source(tmp_path / "a.ome.tif")
    with open_source(tmp_path / "a.ome.tif", channel=1) as source:
        assert source.channels == 2
        assert np.array_equal(source.slices(1, 3), volume()[1:3] // 2)
    with pytest.raises(SourceError, match="no channel 2"):
        open_source(tmp_path / "a.ome.tif", channel=2)


def test_a_colour_of_colour_slices_is_taken_when_chosen(tmp_path: Path) -> None:
    colour = np.stack([volume(), volume() // 2, volume() // 3], axis=-1)
    (tmp_path / "png").mkdir()
    for z, plane in enumerate(colour):
        cv2.imwrite(str(tmp_path / "png" / f"{z}.png"), plane[..., ::-1])
    tifffile.imwrite(tmp_path / "a.tif", colour, photometric="rgb")
    for name in ("png", "a.tif"):
        with pytest.raises(SourceError, match="3 colour samples"):
            open_source(tmp_path / name)
        with open_source(tmp_path / name, channel=2) as source:
            assert np.array_equal(source.slices(0, 7), volume() // 3)


def test_palette_numbers_are_kept_as_labels(tmp_path: Path) -> None:
    labels = volume() % 7
    (tmp_path / "p").mkdir()
    for z, plane in enumerate(labels):
        image = PIL.Image.fromarray(plane, mode="P")
        image.putpalette([i % 256 for i in range(768)])
        image.save(tmp_path / "p" / f"{z}.png")
    with open_source(tmp_path / "p") as source:
        assert np.array_equal(source.slices(0, 7), labels)


def test_a_single_image_is_a_stack_of_one_slice(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "one.png"), volume()[0])
    tifffile.imwrite(tmp_path / "one.tif", volume()[0])
    for name in ("one.png", "one.tif"):
        with open_source(tmp_path / name) as source:
            assert source.shape == (1, 30, 40)
            assert np.array_equal(source.slices(0, 1)[0], volume()[0])


def test_an_imagej_stack_with_one_page_for_all_slices_is_whole(tmp_path: Path) -> None:
    data = volume(np.uint16)
    tifffile.imwrite(tmp_path / "big.tif", data, imagej=True, contiguous=True)
    tifffile.imwrite(
        tmp_path / "cut.tif", data, metadata={"axes": "ZYX"}, truncate=True, shaped=True
    )
    for name in ("big.tif", "cut.tif"):
        with open_source(tmp_path / name) as source:
            assert np.array_equal(source.slices(1, 7), data[1:7])


def test_a_scaled_nifti_gives_real_values(tmp_path: Path) -> None:
    image = nibabel.Nifti1Image(volume(np.int16).transpose(2, 1, 0), np.eye(4))
    image.header.set_slope_inter(0.5, 10)
    nibabel.save(image, tmp_path / "a.nii.gz")
    with open_source(tmp_path / "a.nii.gz") as source:
        assert source.dtype == np.float32
        wanted = nibabel.load(tmp_path / "a.nii.gz").get_fdata().transpose(2, 1, 0)
        assert np.allclose(source.slices(0, 7), wanted)


def test_temporary_copies_go_when_the_source_is_closed(tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    (tmp_path / "n").mkdir()
    packed = TestGzippedNifti().write(tmp_path / "n", volume())
    zipped = TestZipOfPng().write(tmp_path, volume())
    for path in (packed, zipped):
        source: VolumeSource = open_source(path, limits=Limits(scratch=scratch))
        assert list(scratch.iterdir())
        source.close()
        assert not list(scratch.iterdir())


def test_an_hdf5_file_of_several_datasets_asks_which(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["raw"] = volume()
        file["labels/neurons"] = volume(np.uint32)
        file["table"] = np.arange(5)
    with pytest.raises(SourceError, match=r"choose one of /labels/neurons, /raw"):
        open_source(tmp_path / "a.h5")
    with open_source(tmp_path / "a.h5", dataset="labels/neurons") as source:
        assert source.dtype == np.uint32
    with pytest.raises(SourceError, match="no dataset /nothing; it holds"):
        open_source(tmp_path / "a.h5", dataset="nothing")


def test_the_readers_import_no_django() -> None:
    code = (
        "import sys, lamella.cubes.readers, lamella.volumes.ingest_labels\n"
        "assert 'django' not in sys.modules"
    )
    folder = Path(__file__).parents[4] / "platform"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=folder)


def test_a_zipped_store_is_read_as_a_store(tmp_path: Path) -> None:
    made = TestOmeZarr05().write(tmp_path, volume())
    with zipfile.ZipFile(tmp_path / "stack.zip", "w") as archive:
        for file in sorted(made.rglob("*")):
            archive.write(file, file.relative_to(tmp_path))
    with open_source(tmp_path / "stack.zip") as source:
        assert source.name == "stack.zip"
        assert source.voxel_size == EM
        assert np.array_equal(source.slices(0, 7), volume())
