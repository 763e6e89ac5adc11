"""What every format gives: a volume whose slices can be read in order, in bounded memory.

A format file describes its array as it lies in the file (`Native`); `axed.AxedSource` turns that
into slices along z, whatever the order of axes, and applies the limits. Every fault is a
`SourceError` with one sentence that names the file.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from lamella.volumes.errors import SourceError as SourceError
from lamella.volumes.geometry import VoxelSize

GIB = 2**30


@dataclass(frozen=True)
class Limits:
    """How much a source may hold, whatever it claims to hold.

    Bytes are those of decoded voxels. `scratch` is a folder for files that must be unpacked
    before they can be read slice by slice; None means the system's temporary folder.
    """

    max_bytes: int = 4096 * GIB
    max_slice_bytes: int = 1 * GIB
    max_unpacked_bytes: int = 256 * GIB
    max_files: int = 200_000
    scratch: Path | None = None


class VolumeSource(Protocol):
    """A (Z, Y, X) volume that somebody wants to bring in."""

    @property
    def name(self) -> str:
        """What sentences call the source: a file or folder name, or an address."""

    @property
    def shape(self) -> tuple[int, int, int]: ...

    @property
    def dtype(self) -> np.dtype[Any]:
        """In native byte order."""

    @property
    def axes(self) -> str:
        """The axes as they lie in the file, one letter each, for instance "ZYX" or "XYZ"."""

    @property
    def channels(self) -> int: ...

    @property
    def voxel_size(self) -> VoxelSize | None:
        """As the file gives it; None where it does not."""

    @property
    def max_is_unsure(self) -> bool:
        """Whether these are labels of Lamella's own, whose greatest value means "unsure"."""

    @property
    def identity(self) -> Mapping[str, Any]:
        """What tells this source from others and from its own later versions."""

    def slices(self, z0: int, z1: int) -> NDArray[Any]:
        """Slices z0 .. z1 as (dz, Y, X). Raises SourceError where the data are broken."""

    def close(self) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *exception: Any) -> None: ...


class Native(ABC):
    """An array as it lies in a file: `axes` names its axes in order, one letter each.

    `spacing` is the voxel size along each of these axes, in `unit`, where the format has one.
    """

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    axes: str
    spacing: tuple[float, ...] | None = None
    unit: str | None = None
    max_is_unsure = False

    @abstractmethod
    def read(self, index: tuple[int | slice, ...]) -> NDArray[Any]:
        """The indexed part; axes with an integer index are dropped, as in numpy."""

    def close(self) -> None:  # noqa: B027 - most formats hold nothing open
        """Give back files and temporary copies."""


def checked_dtype(dtype: np.dtype[Any], name: str) -> np.dtype[Any]:
    """The dtype in native byte order. Raises SourceError unless it is real and at most 64 bits."""
    if dtype.kind not in "buif" or dtype.itemsize > 8:
        raise SourceError(
            f"{name} holds voxels of type {dtype}; a cube needs integers or real numbers."
        )
    return dtype.newbyteorder("=")


def checked_axes(axes: str, shape: tuple[int, ...], name: str) -> str:
    """The letters in capitals. Raises SourceError where they cannot be the axes of this array."""
    axes = axes.strip().upper()
    sizes = " x ".join(str(n) for n in shape)
    if len(axes) != len(shape):
        raise SourceError(
            f"{name} has {len(shape)} axes ({sizes}), which {axes!r} cannot name one by one."
        )
    if len(set(axes)) != len(axes) or not {"Y", "X"} <= set(axes):
        raise SourceError(
            f"{name} has the axes {axes!r}; Y and X must be among them, and each only once."
        )
    return axes


def check_size(shape: tuple[int, ...], dtype: np.dtype[Any], limits: Limits, name: str) -> None:
    """Raise SourceError where a volume claims to be empty or larger than the limits allow."""
    if min(shape) < 1:
        raise SourceError(f"{name} is empty: it holds {' x '.join(str(n) for n in shape)} voxels.")
    plane = shape[-2] * shape[-1] * dtype.itemsize
    if plane > limits.max_slice_bytes:
        raise SourceError(
            f"A slice of {name} takes {plane / GIB:.1f} GiB, "
            f"more than the {limits.max_slice_bytes / GIB:.1f} GiB allowed."
        )
    total = plane * int(np.prod([int(n) for n in shape[:-2]], dtype=object))
    if total > limits.max_bytes:
        raise SourceError(
            f"{name} takes {total / GIB:.1f} GiB unpacked, "
            f"more than the {limits.max_bytes / GIB:.1f} GiB allowed."
        )


def default_axes(shape: tuple[int, ...], name: str) -> str:
    """The likeliest axes of an array whose format does not name them."""
    if len(shape) == 4:
        return "ZYXC" if shape[-1] <= 4 < shape[0] else "CZYX"
    if len(shape) not in (2, 3):
        raise SourceError(f"{name} has {len(shape)} axes; a cube has three, and perhaps channels.")
    return "ZYX"[-len(shape) :]


def file_identity(path: Path, **more: Any) -> dict[str, Any]:
    """The path, size and time of a file: enough to notice that it was replaced."""
    found = path.stat()
    return {"path": str(path), "bytes": found.st_size, "changed": found.st_mtime_ns, **more}


def first_line(error: BaseException) -> str:
    """The first line of an error's text, short enough to stand in a sentence."""
    text = str(error).strip()
    return text.splitlines()[0][:160].rstrip(".") if text else type(error).__name__
