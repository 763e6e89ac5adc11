"""Where a store lies: a folder, or an address that fsspec knows (http, https, s3, memory).

Whether a person may use a path or an address is not decided here; see `cubes.readers.allowed`.
"""

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import fsspec
from zarr.abc.store import Store
from zarr.storage import FsspecStore, LocalStore

_OPTIONS: dict[str, dict[str, Any]] = {
    # An address that was allowed must not lead on to one that was not.
    "http": {"allow_redirects": False},
    "https": {"allow_redirects": False},
    # Other processes write there too: a listing that is kept would hide their files for ever.
    "s3": {"use_listings_cache": False},
}

_PORTION = 2**20


@dataclass(frozen=True)
class FileFacts:
    """Bytes of a file, and a mark that changes when the file does."""

    size: int
    mark: str


@dataclass(frozen=True)
class Location:
    """The root of a store. `options` go to fsspec (for instance an S3 endpoint and its key)."""

    url: str
    options: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, root: "str | os.PathLike[str] | Location") -> "Location":
        return root if isinstance(root, Location) else cls(os.fspath(root))

    def __str__(self) -> str:
        """For sentences that people read: a server's folders are not their business."""
        return self.url if self.is_remote else self.name

    @property
    def is_remote(self) -> bool:
        return "://" in self.url

    def __truediv__(self, name: str) -> "Location":
        return Location(f"{self.url.rstrip('/')}/{name}", self.options)

    @property
    def name(self) -> str:
        return self.url.rstrip("/").rsplit("/", 1)[-1]

    @property
    def _options(self) -> dict[str, Any]:
        return {**_OPTIONS.get(self.url.partition("://")[0], {}), **self.options}

    @cached_property
    def _remote(self) -> tuple[Any, str]:
        filesystem, path = fsspec.url_to_fs(self.url, **self._options)
        return filesystem, path

    def store(self, *, read_only: bool) -> Store:
        """The zarr store at this place."""
        if not self.is_remote:
            return LocalStore(self.url, read_only=read_only)
        return FsspecStore.from_url(self.url, storage_options=self._options, read_only=read_only)

    def exists(self) -> bool:
        if not self.is_remote:
            return Path(self.url).exists()
        filesystem, path = self._remote
        return bool(filesystem.exists(path))

    def read(self) -> bytes | None:
        """The bytes of this one file, None where there is none."""
        try:
            if not self.is_remote:
                return Path(self.url).read_bytes()
            filesystem, path = self._remote
            return bytes(filesystem.cat_file(path))
        except (FileNotFoundError, NotADirectoryError):
            return None

    def facts(self) -> FileFacts | None:
        """Size and mark of this one file, None where there is none."""
        try:
            if not self.is_remote:
                found = Path(self.url).stat()
                if not stat.S_ISREG(found.st_mode):
                    return None
                return FileFacts(found.st_size, f"{found.st_mtime_ns:x}-{found.st_size:x}")
            filesystem, path = self._remote
            info = filesystem.info(path)
        except (FileNotFoundError, NotADirectoryError):
            return None
        if info.get("type") != "file" or info.get("size") is None:
            return None
        mark = info.get("ETag") or info.get("LastModified") or info.get("created") or ""
        return FileFacts(int(info["size"]), str(mark).strip('"'))

    def portions(self, start: int, stop: int) -> Iterator[bytes]:
        """The bytes start .. stop of this one file, a MiB at a time."""
        if self.is_remote:
            filesystem, path = self._remote
            for at in range(start, stop, _PORTION):
                yield bytes(filesystem.cat_file(path, start=at, end=min(at + _PORTION, stop)))
            return
        with Path(self.url).open("rb") as file:
            file.seek(start)
            left = stop - start
            while left > 0 and (data := file.read(min(_PORTION, left))):
                left -= len(data)
                yield data

    def write(self, data: bytes) -> None:
        """Replace this one file, in one step: a reader sees the old bytes or the new ones."""
        if self.is_remote:
            filesystem, path = self._remote
            filesystem.pipe_file(path, data)
            return
        target = Path(self.url)
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=".", suffix=".partial")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(target)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise

    def put(self, file: Path) -> None:
        """Move a finished file of this machine here, without holding it in memory."""
        if self.is_remote:
            filesystem, path = self._remote
            filesystem.put_file(str(file), path)
            file.unlink()
            return
        target = Path(self.url)
        target.parent.mkdir(parents=True, exist_ok=True)
        # On another disk a move is a copy: under a name of its own until it is whole.
        partial = target.with_name(f".{target.name}.partial")
        shutil.move(file, partial)
        partial.replace(target)

    def files(self) -> list[str]:
        """The files of the tree at this place, as sorted paths relative to it."""
        if not self.is_remote:
            root = Path(self.url)
            return sorted(p.relative_to(root).as_posix() for p in root.rglob("*") if p.is_file())
        filesystem, path = self._remote
        base = str(path).rstrip("/") + "/"
        return sorted(found.removeprefix(base) for found in filesystem.find(path))

    def size(self) -> int:
        """Bytes of the file or the whole tree at this place; 0 where there is none."""
        if self.is_remote:
            filesystem, path = self._remote
            return int(filesystem.du(path)) if filesystem.exists(path) else 0
        target = Path(self.url)
        if target.is_file():
            return target.stat().st_size
        return sum(path.stat().st_size for path in target.rglob("*") if path.is_file())

    def remove(self) -> None:
        """Remove the file or the whole tree at this place, if there is one."""
        if self.is_remote:
            filesystem, path = self._remote
            if filesystem.exists(path):
                filesystem.rm(path, recursive=True)
            return
        target = Path(self.url)
        if target.is_dir() and not target.is_symlink():
            shutil.rmtree(target)
        else:
            target.unlink(missing_ok=True)
