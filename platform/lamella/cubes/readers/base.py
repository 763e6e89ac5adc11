"""What every format gives: a volume whose slices can be read in order, in bounded memory.

A format file describes its array as it lies in the file (`Native`); `AxedSource` turns that into
slices along z, whatever the order of axes, and applies the limits. Every fault is a `SourceError`
with one sentence that names the file.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from lamella.volumes.errors import SourceError as SourceError
from lamella.volumes.geometry import VoxelSize

GIB = 2**30
_MOST_CHANNELS = 4


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


class AxedSource:
    """The volume of a `Native`, with its axes found or given."""

    def __init__(
        self,
        native: Native,
        *,
        identity: Mapping[str, Any],
        limits: Limits,
        axes: str | None = None,
        channel: int | None = None,
    ) -> None:
        self._native = native
        self._cleanups: list[Callable[[], None]] = []
        self.name = native.name
        self.identity: Mapping[str, Any] = {**identity, "axes": axes, "channel": channel}
        self.dtype = checked_dtype(native.dtype, native.name)
        self.axes = checked_axes(axes or native.axes, native.shape, native.name)
        self.max_is_unsure = native.max_is_unsure
        self._fixed: dict[str, int] = {}
        self._zyx = self._find_zyx()
        self.channels = self._fix_channel(channel)
        depth, height, width = (1 if i is None else native.shape[i] for i in self._zyx)
        self.shape: tuple[int, int, int] = (depth, height, width)
        self.voxel_size = self._find_voxel_size()
        check_size(self.shape, self.dtype, limits, native.name)

    def slices(self, z0: int, z1: int) -> NDArray[Any]:
        if not 0 <= z0 < z1 <= self.shape[0]:
            raise IndexError(f"{self.name} has no slices {z0} to {z1}.")
        index: list[int | slice] = [self._fixed.get(letter, 0) for letter in self.axes]
        z, y, x = self._zyx
        if z is not None:
            index[z] = slice(z0, z1)
        index[y] = index[x] = slice(None)
        try:
            block = self._native.read(tuple(index))
        except SourceError:
            raise
        # Decoders have no common error; whatever they raise, these slices cannot be read.
        except Exception as error:
            raise SourceError(
                f"{self.name} is damaged or cut short: slices {z0} to {z1 - 1} cannot be read "
                f"({first_line(error)})."
            ) from error
        kept = sorted(i for i in self._zyx if i is not None)
        block = block.transpose([kept.index(i) for i in self._zyx if i is not None])
        if z is None:
            block = block[np.newaxis]
        expected = (z1 - z0, *self.shape[1:])
        if block.shape != expected:
            raise SourceError(
                f"{self.name} is damaged: slices {z0} to {z1 - 1} have the shape {block.shape} "
                f"instead of {expected}."
            )
        return np.asarray(block, self.dtype)

    def on_close(self, cleanup: Callable[[], None]) -> None:
        """Have `cleanup` called after the file itself is closed."""
        self._cleanups.append(cleanup)

    def close(self) -> None:
        self._native.close()
        while self._cleanups:
            self._cleanups.pop()()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _find_zyx(self) -> tuple[int | None, int, int]:
        sizes = dict(zip(self.axes, self._native.shape, strict=True))
        z = self.axes.find("Z")
        if z < 0 and sizes.get("C", 0) > _MOST_CHANNELS and set(self.axes) == set("CYX"):
            # Stacks written without names of axes come as many channels and no z.
            z = self.axes.index("C")
        for letter, size in sizes.items():
            if letter in "ZYXCS" or size == 1:
                continue
            # Pages or time points without a z axis: in practice, the slices of a stack.
            if z < 0:
                z = self.axes.index(letter)
            else:
                raise SourceError(
                    f"{self.name} has {size} volumes along its axis {letter}; "
                    "a cube is one volume, so save the one you want to a file of its own."
                )
        return (None if z < 0 else z, self.axes.index("Y"), self.axes.index("X"))

    def _fix_channel(self, channel: int | None) -> int:
        for letter in "CS":
            at = self.axes.find(letter)
            if at < 0 or at in self._zyx or self._native.shape[at] == 1:
                continue
            count = self._native.shape[at]
            if channel is None:
                what = "colour samples" if letter == "S" else "channels"
                raise SourceError(
                    f"{self.name} has {count} {what} where a cube has one grey value; "
                    f"choose a channel from 0 to {count - 1}."
                )
            if not 0 <= channel < count:
                raise SourceError(
                    f"{self.name} has the channels 0 to {count - 1}; there is no channel {channel}."
                )
            if self._fixed:
                raise SourceError(
                    f"{self.name} has both channels and colour samples; "
                    "save the one you want to a file of its own."
                )
            self._fixed[letter] = channel
        return self._native.shape[self.axes.index(next(iter(self._fixed)))] if self._fixed else 1

    def _find_voxel_size(self) -> VoxelSize | None:
        spacing, (z, y, x) = self._native.spacing, self._zyx
        if spacing is None or z is None:
            return None
        try:
            return VoxelSize.of((spacing[z], spacing[y], spacing[x]), self._native.unit)
        except ValueError:
            return None  # 0 or nan is how files say that they do not know


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


class Mapped(Native):
    """A plain array at an offset of a file, mapped anew for each read.

    A mapping that is kept would count every page ever touched as this process's memory.
    """

    def __init__(
        self,
        path: Path,
        *,
        offset: int,
        shape: tuple[int, ...],
        dtype: np.dtype[Any],
        axes: str,
        fortran: bool = False,
    ) -> None:
        self.name = path.name
        self.path, self.offset, self.shape, self.dtype, self.axes = path, offset, shape, dtype, axes
        self.order = "F" if fortran else "C"
        needed = offset + int(np.prod([int(n) for n in shape], dtype=object)) * dtype.itemsize
        if path.stat().st_size < needed:
            raise SourceError(
                f"{path.name} is cut short: it should be {needed} bytes long, "
                f"but ends after {path.stat().st_size}."
            )

    def read(self, index: tuple[int | slice, ...]) -> NDArray[Any]:
        mapped: NDArray[Any] = np.memmap(
            self.path,
            self.dtype,
            "r",
            self.offset,
            self.shape,
            "F" if self.order == "F" else "C",
        )
        return np.array(mapped[index])
