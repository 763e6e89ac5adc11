"""Bad input gets one sentence that names the file and the fault."""

import os
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile

from lamella.cubes.readers import Limits, SourceError, open_source
from tests.contracts.readers import volume
from tests.platform.cubes.readers.hostile import (
    archive,
    circular_tiff,
    climbing_zip,
    complex_npy,
    crowded_zip,
    cut,
    cut_npy,
    empty_folder,
    empty_npy,
    flat_npy,
    hdf5,
    hdf5_bomb,
    hdf5_great_chunk,
    hdf5_of_tables,
    hdf5_virtual,
    hdf5_with_outside_voxels,
    huge_npy,
    huge_png,
    huge_tiff,
    linking_folder,
    linking_zip,
    lying_zip_bomb,
    mixed_depth,
    mixed_kinds,
    mrc,
    multi_page_folder,
    nested_zip,
    nifti,
    nifti_bomb,
    nifti_in_time,
    npz,
    object_npy,
    plain,
    pngs,
    ragged_tiff,
    text_npy,
    tiff,
    zip_bomb,
)

SMALL = Limits(max_bytes=10**6, max_slice_bytes=10**5, max_unpacked_bytes=10**6, max_files=100)

TABLE: list[tuple[str, Callable[[Path], Path], str]] = [
    ("an empty file", plain("bad.tif", b""), "bad.tif is empty"),
    ("a text file", plain("bad.tif", b"Dear Dana, here is my stack"), "bad.tif is not a TIFF, PNG"),
    ("a TIFF cut in its head", lambda f: cut(tiff(f), 0.0007), "bad.tif is cut short"),
    ("a TIFF cut between pages", lambda f: tiff(f, 0.5), "bad.tif is cut short"),
    ("a TIFF cut in the last page", lambda f: tiff(f, 0.97), "bad.tif is cut short"),
    ("a packed TIFF cut", lambda f: tiff(f, 0.9, compression="zlib"), "bad.tif is cut short"),
    (
        "slices of two sizes",
        ragged_tiff,
        "bad.tif has slices of different sizes: 30 x 40 and 30 x 39",
    ),
    ("pages in a circle", circular_tiff, "pages lead in a circle"),
    ("a TIFF that claims a terabyte", huge_tiff, "A slice of bad.tif takes 931.3 GiB"),
    ("complex numbers", complex_npy, "bad.npy holds voxels of type complex64"),
    ("Python objects", object_npy, "bad.npy holds Python objects, which are never loaded"),
    ("text", text_npy, "bad.npy holds voxels of type <U1"),
    ("a NumPy file cut short", cut_npy, "bad.npy is cut short"),
    ("a NumPy file that claims too much", huge_npy, "bad.npy is cut short"),
    ("one axis", flat_npy, "bad.npy has 1 axes"),
    ("no slices", empty_npy, "bad.npy is empty"),
    ("several NumPy arrays", npz, "bad.npz"),
    (
        "slices of two sizes in a folder",
        lambda f: pngs(f, [(3, 4), (3, 5)]),
        "s1.png is 3 x 5, but s0.png is 3 x 4",
    ),
    ("slices of two depths", mixed_depth, "s1.png holds uint16, but s0.png holds uint8"),
    ("slices of two kinds", mixed_kinds, "bad holds PNG and TIFF files"),
    ("an empty folder", empty_folder, "The folder bad holds no TIFF, PNG or JPEG"),
    (
        "too many files",
        lambda f: pngs(f, [(1, 1)] * 101),
        "bad holds 101 images, more than the 100",
    ),
    ("a PNG that claims much", huge_png, "A slice of s0.png takes 9.3 GiB"),
    ("a link out of the folder", linking_folder, "s1.png in bad is a link that leads out"),
    ("stacks in a folder", multi_page_folder, "0.tif holds 7 pages"),
    ("a NIfTI cut short", lambda f: nifti(f, 0.8), "bad.nii is cut short"),
    (
        "a packed NIfTI cut short",
        lambda f: nifti(f, 0.8, packed=True),
        "bad.nii.gz is damaged or cut",
    ),
    ("a NIfTI in time", nifti_in_time, "bad.nii has 7 channels"),
    ("a NIfTI bomb", nifti_bomb, "bad.nii.gz unpacks to more than"),
    ("an HDF5 file cut short", lambda f: hdf5(f, 0.5), "bad.h5 is cut short"),
    ("an HDF5 file that claims much", hdf5_bomb, "takes 83.8 GiB unpacked"),
    ("an HDF5 file of one great chunk", hdf5_great_chunk, "A chunk of /a in bad.h5"),
    ("an HDF5 file without a volume", hdf5_of_tables, "bad.h5 holds no dataset"),
    ("voxels outside of an HDF5 file", hdf5_with_outside_voxels, "keeps its voxels in other files"),
    ("virtual voxels", hdf5_virtual, "keeps its voxels in other files"),
    ("an MRC file cut short", lambda f: mrc(f, 0.8), "bad.mrc is cut short"),
    ("an MRC file of complex numbers", lambda f: mrc(f, dtype=np.complex64), "complex numbers"),
    ("a zip bomb", zip_bomb, "bad.zip unpacks to more than"),
    ("a zip bomb that lies", lying_zip_bomb, "bad.zip"),
    ("a zip that climbs", climbing_zip, "leads out of it"),
    ("a zip with a link", linking_zip, "links are not followed"),
    ("a zip in a zip", nested_zip, "holds another archive"),
    ("a zip of too many files", crowded_zip, "bad.zip holds 101 files"),
    ("an empty zip", lambda f: archive(f), "bad.zip is an empty archive"),
    ("a zip cut short", lambda f: cut(archive(f, a=os.urandom(1000)), 0.5), "bad.zip is damaged"),
    ("a file that is not there", lambda f: f / "bad.tif", "bad.tif does not exist"),
    (
        "an empty Zarr folder",
        lambda f: plain("zarr.json", b"{}")(f).parent,
        "in is a zarr group, but not",
    ),
]


@pytest.mark.parametrize(
    ("make", "fault"), [pytest.param(make, fault, id=name) for name, make, fault in TABLE]
)
def test_bad_input_is_refused_with_one_sentence(
    tmp_path: Path, make: Callable[[Path], Path], fault: str
) -> None:
    folder, scratch = tmp_path / "in", tmp_path / "scratch"
    folder.mkdir()
    scratch.mkdir()
    limits = Limits(
        SMALL.max_bytes, SMALL.max_slice_bytes, SMALL.max_unpacked_bytes, SMALL.max_files, scratch
    )
    path = make(folder)
    with pytest.raises(SourceError) as caught:
        open_source(path, limits=limits)
    text = str(caught.value)
    assert fault in text
    assert "\n" not in text
    assert text.endswith(".")
    assert not list(scratch.iterdir()), "a temporary copy was left behind"
    assert not (tmp_path.parent / "outside.png").exists()


def test_damage_inside_a_file_is_found_when_it_is_read(tmp_path: Path) -> None:
    path = tiff(tmp_path, compression="zlib")
    data = bytearray(path.read_bytes())
    with tifffile.TiffFile(path) as file:
        start = file.pages[3].dataoffsets[0]
    data[start + 20 : start + 60] = bytes(40)
    path.write_bytes(data)
    with open_source(path) as source:
        source.slices(0, 3)
        with pytest.raises(SourceError, match=r"bad.tif is damaged.*slices 3 to 3"):
            source.slices(3, 4)


def test_a_png_cut_short_is_found_when_it_is_read(tmp_path: Path) -> None:
    (tmp_path / "p").mkdir()
    noise = np.random.default_rng(0).integers(0, 255, (50, 50)).astype(np.uint8)
    cv2.imwrite(str(tmp_path / "p" / "0.png"), noise)
    cut(tmp_path / "p" / "0.png", 0.5)
    with (
        open_source(tmp_path / "p") as source,
        pytest.raises(SourceError, match=r"0.png is damaged"),
    ):
        source.slices(0, 1)


@pytest.mark.parametrize("axes", ["ZY", "ZZX", "ABC", "ZYXT", ""])
def test_axes_that_cannot_be_are_refused(tmp_path: Path, axes: str) -> None:
    np.save(tmp_path / "a.npy", volume())
    if axes == "":
        open_source(tmp_path / "a.npy", axes=axes).close()
        return
    with pytest.raises(SourceError, match="axes"):
        open_source(tmp_path / "a.npy", axes=axes)
