"""What is learned of a volume while it streams past: a checksum and a robust intensity range."""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

_FLOAT_KEY_BITS = 20
_PORTION = 2**20


class Checksum:
    """sha256 over the shape, the dtype and the voxels (little-endian, C order) of a volume.

    It does not depend on how the volume is stored or in what portions it is fed.
    """

    def __init__(self, shape: tuple[int, ...], dtype: DTypeLike) -> None:
        self.dtype = np.dtype(dtype).newbyteorder("<")
        header = json.dumps({"dtype": np.dtype(dtype).name, "shape": list(shape)}, sort_keys=True)
        self._sha = hashlib.sha256(header.encode() + b"\n")

    def add(self, slices: NDArray[Any]) -> None:
        """Feed the next slices (dz, Y, X)."""
        # One slice at a time: a copy, where one is needed, stays small.
        for plane in slices:
            self._sha.update(np.ascontiguousarray(plane, self.dtype).data)

    def hexdigest(self) -> str:
        return self._sha.hexdigest()


class RobustRange:
    """Percentiles of a stream of voxels, from a histogram of fixed size.

    Exact for integers of 8 and 16 bits. Wider integers and floats are counted in bins whose width
    is 0.05 % of the value (the leading 20 bits of its float32 form, made to sort as integers do).
    What is not finite does not count.
    """

    def __init__(self, dtype: DTypeLike) -> None:
        self.dtype = np.dtype(dtype)
        exact = self.dtype.kind in "iub" and self.dtype.itemsize <= 2
        self._bits = 8 * self.dtype.itemsize if exact else _FLOAT_KEY_BITS
        self._exact = exact
        self._counts = np.zeros(2**self._bits, np.int64)
        self.least = np.inf
        self.greatest = -np.inf

    def add(self, slices: NDArray[Any]) -> None:
        """Feed voxels, of any shape."""
        for values in _portions(slices):
            if values.dtype.kind == "f":
                values = values[np.isfinite(values)]
            if values.size == 0:
                continue
            self.least = min(self.least, float(values.min()))
            self.greatest = max(self.greatest, float(values.max()))
            self._counts += np.bincount(self._keys(values), minlength=self._counts.size)

    def percentiles(self, low: float = 0.1, high: float = 99.9) -> tuple[float, float]:
        """The values below which `low` and `high` percent of all voxels lie; (0, 1) if none came.

        The second is greater than the first, so that a window between them can be divided by.
        """
        total = int(self._counts.sum())
        if total == 0:
            return (0.0, 1.0)
        sums = np.cumsum(self._counts)
        # The nearest-rank percentile: the first bin whose running sum reaches the rank.
        ranks = np.maximum(np.ceil(np.array([low, high]) / 100 * total), 1)
        keys = np.searchsorted(sums, ranks, side="left")
        first, second = (self._value(int(key)) for key in keys)
        first, second = max(first, self.least), min(second, self.greatest)
        if second <= first:
            second = first + 1.0
        return (first, second)

    def _keys(self, values: NDArray[Any]) -> NDArray[np.int64]:
        if self._exact:
            offset = 2 ** (self._bits - 1) if self.dtype.kind == "i" else 0
            return values.astype(np.int64) + offset
        with np.errstate(over="ignore"):
            bits = values.astype(np.float32).view(np.uint32)
        negative = bits >> 31 == 1
        ordered = np.where(negative, ~bits, bits | np.uint32(1 << 31))
        return (ordered >> np.uint32(32 - _FLOAT_KEY_BITS)).astype(np.int64)

    def _value(self, key: int) -> float:
        if self._exact:
            return float(key - (2 ** (self._bits - 1) if self.dtype.kind == "i" else 0))
        # The middle of the bin.
        ordered = (key << (32 - _FLOAT_KEY_BITS)) | (1 << (31 - _FLOAT_KEY_BITS))
        bits = ordered & 0x7FFFFFFF if ordered >> 31 else ~ordered & 0xFFFFFFFF
        return float(np.array([bits], np.uint32).view(np.float32)[0])


def distinct(array: NDArray[Any]) -> NDArray[Any]:
    """The sorted distinct values; fast where neighbours are mostly equal, as in labels."""
    found = np.empty(0, array.dtype)
    for flat in _portions(array):
        changes = np.flatnonzero(flat[1:] != flat[:-1])
        found = np.union1d(found, np.concatenate((flat[:1], flat[changes + 1])))
    return found


def _portions(array: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """All values, flat, in portions small enough that indices and wide copies of them are cheap."""
    flat = np.ravel(array)
    for start in range(0, flat.size, _PORTION):
        yield flat[start : start + _PORTION]
