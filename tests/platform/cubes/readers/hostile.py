"""Files that are broken, or made to do harm: each function writes one into a folder."""

import gzip
import io
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
import tifffile

from tests.contracts.readers import volume

nibabel: Any = _nibabel  # has types for a part of itself only


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
