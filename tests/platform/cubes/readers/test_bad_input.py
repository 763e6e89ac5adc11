"""Bad input gets one sentence that names the file and the fault."""

import gzip
import io
import os
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import h5py
import mrcfile
import nibabel as _nibabel
import numpy as np
import pytest
import tifffile

from lamella.cubes.readers import Limits, SourceError, check_path, check_url, open_source
from tests.contracts.readers import volume

nibabel: Any = _nibabel  # has types for a part of itself only
SMALL = Limits(max_bytes=10**6, max_slice_bytes=10**5, max_unpacked_bytes=10**6, max_files=100)


def cut(path: Path, keep: float) -> Path:
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * keep)])
    return path


def tiff(folder: Path, keep: float = 1.0, **options: Any) -> Path:
    path = folder / "bad.tif"
    noise = np.random.default_rng(0).integers(0, 255, (7, 30, 40)).astype(np.uint8)
    with tifffile.TiffWriter(path) as file:
        for plane in noise:
            file.write(plane, contiguous=False, metadata=None, **options)
    return cut(path, keep)


def ragged_tiff(folder: Path) -> Path:
    with tifffile.TiffWriter(folder / "bad.tif") as file:
        for width in (40, 40, 39):
            file.write(np.zeros((30, width), np.uint8), contiguous=False, metadata=None)
    return folder / "bad.tif"


def circular_tiff(folder: Path) -> Path:
    # One page whose "next page" is itself.
    entry = struct.pack("<HHII", 256, 3, 1, 4)
    data = b"II*\0" + struct.pack("<I", 8) + struct.pack("<H", 1) + entry + struct.pack("<I", 8)
    (folder / "bad.tif").write_bytes(data)
    return folder / "bad.tif"


def huge_tiff(folder: Path) -> Path:
    def entry(tag: int, kind: int, value: int) -> bytes:
        return struct.pack("<HHII", tag, kind, 1, value)

    entries = [
        entry(256, 4, 10**6),
        entry(257, 4, 10**6),
        entry(258, 3, 8),
        entry(259, 3, 8),
        entry(262, 3, 1),
        entry(273, 4, 8),
        entry(277, 3, 1),
        entry(278, 4, 10**6),
        entry(279, 4, 100),
    ]
    body = struct.pack("<H", len(entries)) + b"".join(entries) + struct.pack("<I", 0)
    (folder / "bad.tif").write_bytes(b"II*\0" + struct.pack("<I", 8) + body + bytes(200))
    return folder / "bad.tif"


def complex_npy(folder: Path) -> Path:
    np.save(folder / "bad.npy", volume().astype(np.complex64))
    return folder / "bad.npy"


def object_npy(folder: Path) -> Path:
    np.save(folder / "bad.npy", np.array([[["a", 1]]], dtype=object), allow_pickle=True)
    return folder / "bad.npy"


def text_npy(folder: Path) -> Path:
    np.save(folder / "bad.npy", np.array([[["a", "b"]]]))
    return folder / "bad.npy"


def cut_npy(folder: Path) -> Path:
    np.save(folder / "bad.npy", volume())
    return cut(folder / "bad.npy", 0.5)


def huge_npy(folder: Path) -> Path:
    header = {"descr": "|u1", "fortran_order": False, "shape": (10**6, 10**6, 10**6)}
    with (folder / "bad.npy").open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
    return folder / "bad.npy"


def flat_npy(folder: Path) -> Path:
    np.save(folder / "bad.npy", np.zeros(5, np.uint8))
    return folder / "bad.npy"


def empty_npy(folder: Path) -> Path:
    np.save(folder / "bad.npy", np.zeros((0, 5, 5), np.uint8))
    return folder / "bad.npy"


def npz(folder: Path) -> Path:
    np.savez(folder / "bad.npz", a=volume(), b=volume())
    return folder / "bad.npz"


def pngs(folder: Path, sizes: list[tuple[int, int]], dtype: type = np.uint8) -> Path:
    (folder / "bad").mkdir()
    for i, size in enumerate(sizes):
        cv2.imwrite(str(folder / "bad" / f"s{i}.png"), np.zeros(size, dtype))
    return folder / "bad"


def mixed_depth(folder: Path) -> Path:
    made = pngs(folder, [(3, 4)])
    cv2.imwrite(str(made / "s1.png"), np.zeros((3, 4), np.uint16))
    return made


def mixed_kinds(folder: Path) -> Path:
    made = pngs(folder, [(3, 4)])
    tifffile.imwrite(made / "s1.tif", np.zeros((3, 4), np.uint8))
    return made


def empty_folder(folder: Path) -> Path:
    (folder / "bad").mkdir()
    (folder / "bad" / "read me.txt").write_text("nothing")
    return folder / "bad"


def huge_png(folder: Path) -> Path:
    made = pngs(folder, [(3, 4)])
    data = bytearray((made / "s0.png").read_bytes())
    data[16:24] = struct.pack(">II", 100_000, 100_000)
    data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
    (made / "s0.png").write_bytes(data)
    return made


def linking_folder(folder: Path) -> Path:
    made = pngs(folder, [(3, 4)])
    cv2.imwrite(str(folder / "secret.png"), np.zeros((3, 4), np.uint8))
    (made / "s1.png").symlink_to(folder / "secret.png")
    return made


def multi_page_folder(folder: Path) -> Path:
    (folder / "bad").mkdir()
    for i in range(2):
        tifffile.imwrite(
            folder / "bad" / f"{i}.tif", volume(), metadata=None, photometric="minisblack"
        )
    return folder / "bad"


def nifti(folder: Path, keep: float = 1.0, packed: bool = False) -> Path:
    noise = np.random.default_rng(0).integers(0, 255, (40, 30, 7)).astype(np.uint8)
    path = folder / ("bad.nii.gz" if packed else "bad.nii")
    nibabel.save(nibabel.Nifti1Image(noise, np.eye(4)), path)
    return cut(path, keep)


def nifti_in_time(folder: Path) -> Path:
    many = np.zeros((4, 5, 6, 7), np.uint8)
    nibabel.save(nibabel.Nifti1Image(many, np.eye(4)), folder / "bad.nii")
    return folder / "bad.nii"


def nifti_bomb(folder: Path) -> Path:
    with gzip.open(folder / "bad.nii.gz", "wb") as file:
        for _ in range(50):
            file.write(bytes(10**6))
    return folder / "bad.nii.gz"


def hdf5(folder: Path, keep: float = 1.0) -> Path:
    with h5py.File(folder / "bad.h5", "w") as file:
        file["a"] = volume()
    return cut(folder / "bad.h5", keep)


def hdf5_bomb(folder: Path) -> Path:
    with h5py.File(folder / "bad.h5", "w") as file:
        file.create_dataset("a", (10**6, 300, 300), "u1", chunks=(1, 300, 300), compression="gzip")
    return folder / "bad.h5"


def hdf5_great_chunk(folder: Path) -> Path:
    with h5py.File(folder / "bad.h5", "w") as file:
        file.create_dataset("a", (50, 100, 100), "u1", chunks=(50, 100, 100), compression="gzip")
    return folder / "bad.h5"


def hdf5_of_tables(folder: Path) -> Path:
    with h5py.File(folder / "bad.h5", "w") as file:
        file["a"] = np.arange(5)
    return folder / "bad.h5"


def hdf5_with_outside_voxels(folder: Path) -> Path:
    with h5py.File(folder / "bad.h5", "w") as file:
        file.create_dataset("a", (2, 3, 4), "u1", external=[("/etc/passwd", 0, 24)])
    return folder / "bad.h5"


def hdf5_virtual(folder: Path) -> Path:
    layout = h5py.VirtualLayout((2, 3, 4), "u1")
    layout[:] = h5py.VirtualSource(str(folder / "other.h5"), "a", (2, 3, 4))
    with h5py.File(folder / "bad.h5", "w") as file:
        file.create_virtual_dataset("a", layout)
    return folder / "bad.h5"


def mrc(folder: Path, keep: float = 1.0, dtype: type = np.float32) -> Path:
    with mrcfile.new(folder / "bad.mrc") as file:
        file.set_data(volume().astype(dtype))
    return cut(folder / "bad.mrc", keep)


def archive(folder: Path, **files: bytes) -> Path:
    with zipfile.ZipFile(folder / "bad.zip", "w", zipfile.ZIP_DEFLATED) as out:
        for name, data in files.items():
            out.writestr(name, data)
    return folder / "bad.zip"


def png_bytes() -> bytes:
    done, data = cv2.imencode(".png", np.zeros((3, 4), np.uint8))
    assert done
    return data.tobytes()


def zip_bomb(folder: Path) -> Path:
    return archive(folder, **{"a.npy": bytes(50 * 10**6)})


def lying_zip_bomb(folder: Path) -> Path:
    """Declares 10 bytes where 50 million come out."""
    path = zip_bomb(folder)
    data = path.read_bytes().replace(struct.pack("<I", 50 * 10**6), struct.pack("<I", 10))
    path.write_bytes(data)
    return path


def climbing_zip(folder: Path) -> Path:
    return archive(folder, **{"../../outside.png": png_bytes()})


def linking_zip(folder: Path) -> Path:
    with zipfile.ZipFile(folder / "bad.zip", "w") as out:
        link = zipfile.ZipInfo("s0.png")
        link.external_attr = 0o120777 << 16
        out.writestr(link, "/etc/passwd")
    return folder / "bad.zip"


def nested_zip(folder: Path) -> Path:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as out:
        out.writestr("a.png", png_bytes())
    return archive(folder, **{"inner.zip": inner.getvalue()})


def crowded_zip(folder: Path) -> Path:
    return archive(folder, **{f"{i}.png": png_bytes() for i in range(101)})


def plain(name: str, data: bytes) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        (folder / name).write_bytes(data)
        return folder / name

    return make


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


def test_an_address_of_another_scheme_is_refused() -> None:
    for url in ("file:///etc/passwd", "ftp://example.org/a.zarr", "github://a:b@c/d"):
        with pytest.raises(SourceError, match="http, https or s3"):
            open_source(url)


def test_a_path_inside_an_allowed_folder_is_real(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.tif").write_bytes(b"x")
    assert check_path(tmp_path / "data" / "a.tif", [tmp_path / "data"]).name == "a.tif"
    with pytest.raises(SourceError, match="does not exist"):
        check_path(tmp_path / "data" / "b.tif", [tmp_path / "data"])


def test_a_path_outside_of_the_allowed_folders_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "database").mkdir()
    (tmp_path / "data" / "link").symlink_to("/etc")
    for path in ("/etc/passwd", "data/../database", "data/link/passwd", "database", "nothing"):
        with pytest.raises(SourceError, match="outside of the folders"):
            check_path(tmp_path / path, [tmp_path / "data"])
    with pytest.raises(SourceError, match="outside"):
        check_path(tmp_path, [])


ALLOWED = ["https://data.example.org/pub/", "s3://bucket/open", "http://127.0.0.1:9000"]
PUBLIC = {"data.example.org": ["93.184.216.34"]}


def lookup(host: str) -> list[str]:
    return PUBLIC[host]


@pytest.mark.parametrize(
    "url",
    [
        "https://data.example.org/pub/a.zarr",
        "https://data.example.org:443/pub",
        "https://DATA.example.org/pub/a%20b.zarr",
        "s3://bucket/open/a.zarr",
        "http://127.0.0.1:9000/b/a.zarr",
    ],
)
def test_an_address_below_an_allowed_prefix_passes(url: str) -> None:
    assert check_url(url, ALLOWED, resolve=lookup) == url


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "https://data.example.org/public/a.zarr",
        "https://data.example.org/pub/../secret",
        "https://data.example.org/pub/%2e%2e/secret",
        "https://data.example.org/pub/%252e%252e/secret",
        "https://data.example.org.evil.org/pub/a.zarr",
        "https://data.example.org@evil.org/pub/a.zarr",
        "https://user:pass@data.example.org/pub/a.zarr",
        "https://data.example.org:8443/pub/a.zarr",
        "http://data.example.org/pub/a.zarr",
        "https://data.example.org/pub/a.zarr::file:///etc",
        "https://data.example.org\\@evil.org/pub/",
        "http://127.0.0.1:22/",
        "http://[::1]:9000/",
        "s3://bucket/opened",
        "http://169.254.169.254/latest/meta-data",
        "memory://a",
        "nonsense",
        "https://[bad/pub",
    ],
)
def test_an_address_outside_of_the_allowed_prefixes_is_refused(url: str) -> None:
    with pytest.raises(SourceError):
        check_url(url, ALLOWED, resolve=lookup)


@pytest.mark.parametrize(
    "address", ["169.254.169.254", "fe80::1%eth0", "0.0.0.0", "::ffff:169.254.169.254"]
)
def test_an_allowed_name_that_leads_to_a_machines_own_credentials_is_refused(address: str) -> None:
    with pytest.raises(SourceError, match="may not be read from"):
        check_url("https://data.example.org/pub/a", ALLOWED, resolve=lambda _: [address])
    url = "https://data.example.org/pub/a"
    assert check_url(url, ALLOWED, resolve=lambda _: [address], allow_link_local=True) == url
