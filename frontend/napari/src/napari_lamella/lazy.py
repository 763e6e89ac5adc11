"""An array that is read only when somebody looks at the values."""

from types import EllipsisType
from typing import Any, Protocol, SupportsIndex

import numpy as np
from numpy.typing import DTypeLike, NDArray


class Source(Protocol):
    """What is viewed: a zarr Array, or anything with its shape, dtype and basic indexing."""

    @property
    def shape(self) -> tuple[int, ...]: ...

    @property
    def dtype(self) -> Any: ...

    def __getitem__(self, key: Any, /) -> Any: ...


Index = SupportsIndex | slice | EllipsisType
Window = tuple[range | int, ...]


class LazyArray:
    """A rectangular view of a source array that stays a view when indexed.

    napari cuts a multiscale level twice: first to the visible tile with every z, then to the
    slice. A zarr Array would read the whole stack at the first cut. This view composes the cuts
    and reads once, when it is converted to numpy. Only basic indexing with positive steps.
    """

    def __init__(self, source: Source, window: Window | None = None) -> None:
        self._source = source
        self._window: Window = window or tuple(range(size) for size in source.shape)

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(len(axis) for axis in self._window if isinstance(axis, range))

    @property
    def dtype(self) -> np.dtype[Any]:
        dtype: np.dtype[Any] = np.dtype(self._source.dtype)
        return dtype

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return int(np.prod(self.shape, dtype=np.int64))

    @property
    def nbytes(self) -> int:
        return self.size * self.dtype.itemsize

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, key: Index | tuple[Index, ...]) -> "LazyArray":
        wanted = iter(self._full_key(key if isinstance(key, tuple) else (key,)))
        cuts = (next(wanted) if isinstance(axis, range) else None for axis in self._window)
        window: Window = tuple(
            axis if cut is None or isinstance(axis, int) else _cut(axis, cut)
            for axis, cut in zip(self._window, cuts, strict=True)
        )
        return LazyArray(self._source, window)

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        if copy is False:
            raise ValueError("The values lie on a server; they cannot be had without a copy.")
        key = tuple(
            slice(axis.start, axis.stop, axis.step) if isinstance(axis, range) else axis
            for axis in self._window
        )
        return np.asarray(self._source[key], dtype=dtype)

    def _full_key(self, key: tuple[Index, ...]) -> tuple[SupportsIndex | slice, ...]:
        given = [part for part in key if part is not Ellipsis]
        if len(given) > self.ndim or len(key) - len(given) > 1:
            raise IndexError(f"{len(key)} indices for an array of {self.ndim} axes.")
        at = next((i for i, part in enumerate(key) if part is Ellipsis), len(key))
        missing = [slice(None)] * (self.ndim - len(given))
        return (*given[:at], *missing, *given[at:])


def _cut(axis: range, cut: SupportsIndex | slice) -> range | int:
    if not isinstance(cut, slice):
        return axis[cut]
    if cut.step is not None and int(cut.step) < 1:
        raise IndexError("Only positive steps can be read lazily.")
    return axis[cut]
