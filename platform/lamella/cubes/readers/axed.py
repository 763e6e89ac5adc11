"""From an array as it lies in a file to slices along z."""

from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from lamella.cubes.readers.base import (
    Limits,
    Native,
    SourceError,
    check_size,
    checked_axes,
    checked_dtype,
    first_line,
)
from lamella.volumes.geometry import VoxelSize

_MOST_CHANNELS = 4


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
