"""Which reader reads what: by the first bytes of a file, with its name as a hint."""

from collections.abc import Callable
from pathlib import Path

from lamella.cubes.readers.archive import content_root, unpack_zip
from lamella.cubes.readers.axed import AxedSource
from lamella.cubes.readers.base import (
    Limits,
    Native,
    SourceError,
    VolumeSource,
    file_identity,
)
from lamella.cubes.readers.folder import open_folder, open_image
from lamella.cubes.readers.hdf5 import open_hdf5
from lamella.cubes.readers.mrc import open_mrc
from lamella.cubes.readers.nifti import open_nifti
from lamella.cubes.readers.npy import open_npy
from lamella.cubes.readers.omezarr import open_omezarr
from lamella.cubes.readers.tiff import open_tiff
from lamella.volumes.storage import Location

_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_GZIP = b"\x1f\x8b"
_READABLE = "TIFF, PNG, JPEG, NIfTI, HDF5, MRC, NumPy or OME-Zarr"


def open_source(
    path: Path | str | Location,
    *,
    dataset: str | None = None,
    axes: str | None = None,
    channel: int | None = None,
    limits: Limits | None = None,
) -> VolumeSource:
    """Open a file, folder or address as a volume; close it after use.

    `dataset` is the path of a dataset in an HDF5 file; `axes` overrides what the file says, for
    instance "XYZ"; `channel` chooses from several. Whether the path or address may be read is for
    the caller to check first, with `allowed.check_path` and `allowed.check_url`. Raises
    SourceError with one sentence that names the file and the fault.
    """
    return _open_any(path, dataset=dataset, axes=axes, channel=channel, limits=limits or Limits())


def _open_any(
    path: Path | str | Location,
    *,
    dataset: str | None,
    axes: str | None,
    channel: int | None,
    limits: Limits,
) -> AxedSource:
    location = path if isinstance(path, Location) else Location(str(path))
    if location.is_remote:
        if not location.url.startswith(("http://", "https://", "s3://", "memory://")):
            raise SourceError(f"{location} is not an address that begins with http, https or s3.")
        return open_omezarr(location, limits, axes=axes, channel=channel)
    place = Path(location.url)
    if not place.exists():
        raise SourceError(f"{place.name} does not exist.")
    if place.is_dir():
        if any((place / name).is_file() for name in ("zarr.json", ".zgroup", ".zattrs", ".zarray")):
            return open_omezarr(location, limits, axes=axes, channel=channel)
        return _open(place, open_folder(place, limits), limits, axes, channel)
    if not place.is_file():
        raise SourceError(f"{place.name} is neither a file nor a folder.")
    with place.open("rb") as file:
        head = file.read(512)
    if not head:
        raise SourceError(f"{place.name} is empty: it has no bytes at all.")
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _open_zip(place, dataset=dataset, axes=axes, channel=channel, limits=limits)
    if head.startswith(b"\x89HDF\r\n\x1a\n"):
        native: Native = open_hdf5(place, limits, dataset)
        return _open(place, native, limits, axes, channel, dataset=dataset)
    reader = _by_content(head, place.name)
    if reader is None:
        raise SourceError(f"{place.name} is not a {_READABLE} file.")
    return _open(place, reader(place, limits), limits, axes, channel)


def _by_content(head: bytes, name: str) -> Callable[[Path, Limits], Native] | None:
    if head.startswith(_TIFF):
        return open_tiff
    if head.startswith(b"\x93NUMPY"):
        return open_npy
    if head.startswith((b"\x89PNG", b"\xff\xd8\xff")):
        return open_image
    if head[:2] == _GZIP and name.lower().endswith(".nii.gz"):
        return open_nifti
    if head[344:347] in (b"n+1", b"ni1") or head[4:7] in (b"n+2", b"ni2"):
        return open_nifti
    if head[208:212] == b"MAP ":
        return open_mrc
    return None


def _open(
    path: Path,
    native: Native,
    limits: Limits,
    axes: str | None,
    channel: int | None,
    **identity: object,
) -> AxedSource:
    try:
        known = file_identity(path, **identity)
        return AxedSource(native, identity=known, limits=limits, axes=axes, channel=channel)
    except BaseException:
        native.close()
        raise


def _open_zip(
    path: Path, *, dataset: str | None, axes: str | None, channel: int | None, limits: Limits
) -> AxedSource:
    folder = unpack_zip(path, limits)
    try:
        inside = content_root(Path(folder.name))
        if inside.suffix.lower() == ".zip":
            raise SourceError(f"{path.name} holds another archive; unpack it first.")
        source = _open_any(inside, dataset=dataset, axes=axes, channel=channel, limits=limits)
    except SourceError as error:
        folder.cleanup()
        raise SourceError(f"In {path.name}: {error}") from error
    except BaseException:
        folder.cleanup()
        raise
    source.name = path.name
    source.identity = {**source.identity, **file_identity(path)}
    source.on_close(folder.cleanup)
    return source
