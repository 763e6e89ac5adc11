"""Zip archives: how a browser sends a folder. Unpacked within limits, whatever they declare."""

import stat
import tempfile
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from lamella.cubes.readers.base import GIB, Limits, SourceError, first_line

_PORTION = 4 * 2**20
_IGNORED = ("__MACOSX/", ".DS_Store", "Thumbs.db")


def unpack_zip(path: Path, limits: Limits) -> tempfile.TemporaryDirectory[str]:
    """The files of an archive in a temporary folder of the scratch folder; the caller cleans up.

    Raises SourceError for names that lead out of the folder, links, encrypted or damaged members,
    and more files or bytes than the limits allow; bytes are counted as they come out.
    """
    folder = tempfile.TemporaryDirectory(dir=limits.scratch, prefix="lamella-")
    try:
        with zipfile.ZipFile(path) as archive:
            members = [m for m in archive.infolist() if not m.is_dir() and not _ignored(m.filename)]
            _check_members(members, path.name, limits)
            left = limits.max_unpacked_bytes
            for member in members:
                left = _extract(archive, member, Path(folder.name), left, path.name, limits)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        folder.cleanup()
        raise SourceError(f"{path.name} is damaged or cut short ({first_line(error)}).") from error
    except BaseException:
        folder.cleanup()
        raise
    return folder


def content_root(folder: Path) -> Path:
    """The folder that matters: archives mostly hold one folder, which holds the files."""
    while True:
        entries = list(folder.iterdir())
        if len(entries) != 1 or not entries[0].is_dir():
            return entries[0] if len(entries) == 1 else folder
        folder = entries[0]


def _ignored(name: str) -> bool:
    return name.startswith(_IGNORED[0]) or PurePosixPath(name).name in _IGNORED[1:]


def _check_members(members: list[zipfile.ZipInfo], name: str, limits: Limits) -> None:
    if not members:
        raise SourceError(f"{name} is an empty archive.")
    if len(members) > limits.max_files:
        raise SourceError(
            f"{name} holds {len(members)} files, more than the {limits.max_files} allowed."
        )
    declared = sum(member.file_size for member in members)
    if declared > limits.max_unpacked_bytes:
        raise _too_much(name, limits)
    for member in members:
        place = PurePosixPath(member.filename)
        if place.is_absolute() or ".." in place.parts or "\\" in member.filename:
            raise SourceError(f"{name} holds the name {member.filename!r}, which leads out of it.")
        if stat.S_ISLNK(member.external_attr >> 16):
            raise SourceError(f"{name} holds the link {member.filename!r}; links are not followed.")
        if member.flag_bits & 1:
            raise SourceError(f"{name} is locked with a password.")


def _extract(
    archive: zipfile.ZipFile,
    member: zipfile.ZipInfo,
    folder: Path,
    left: int,
    name: str,
    limits: Limits,
) -> int:
    target = folder / PurePosixPath(member.filename)
    target.parent.mkdir(parents=True, exist_ok=True)
    with archive.open(member) as packed, target.open("xb") as out:
        while portion := packed.read(_PORTION):
            left -= len(portion)
            if left < 0:
                raise _too_much(name, limits)
            out.write(portion)
    return left


def _too_much(name: str, limits: Limits) -> SourceError:
    return SourceError(
        f"{name} unpacks to more than the {limits.max_unpacked_bytes / GIB:.1f} GiB allowed."
    )
