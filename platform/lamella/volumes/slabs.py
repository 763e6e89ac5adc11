"""Arrays written slab by slab along z, which remember what they hold when the writer is killed.

A slab is a run of slices, as deep as a shard, over all other axes. It counts as done once all its
shards lie in the store (each is written in one step) and after that the marker beside the
array has been replaced, so a kill at any moment costs at most one slab. One writer at a time.
"""

import itertools
import json
import math
from collections.abc import Iterator, Mapping
from typing import Any, Literal

import numpy as np
import zarr
from numpy.typing import DTypeLike, NDArray

from lamella.volumes.errors import StoreError
from lamella.volumes.geometry import TILE
from lamella.volumes.storage import Location

SHARD_SIDE = 4 * TILE
SHARD_DEPTH = 16
SLAB_BYTES = 128 * 2**20
"""A slab is made thinner than SHARD_DEPTH where it would take more memory than this."""
MARKERS = ".lamella"

ZarrFormat = Literal[2, 3]


class SlabArray:
    """An array of axes (..., Z, Y, X) whose slabs along z are written in any order, once each."""

    def __init__(
        self,
        root: Location,
        name: str,
        array: zarr.Array[Any],
        depth: int,
        *,
        taken_up: bool = False,
    ) -> None:
        self.root = root
        self.name = name
        self.array = array
        self.depth = depth
        self._marker = root / MARKERS / f"{name.replace('/', '-')}.json"
        self._taken_up = taken_up
        self._done = self._read_marker()

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self.array.shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        return np.dtype(self.array.dtype)

    @property
    def spans(self) -> list[tuple[int, int]]:
        """(z0, z1) of every slab."""
        length = self.shape[-3]
        return [(z0, min(z0 + self.depth, length)) for z0 in range(0, length, self.depth)]

    @property
    def pending(self) -> list[tuple[int, int]]:
        """(z0, z1) of the slabs that are not yet done."""
        return [(z0, z1) for z0, z1 in self.spans if z0 // self.depth not in self._done]

    @property
    def complete(self) -> bool:
        return not self.pending

    def write(self, z0: int, data: NDArray[Any]) -> None:
        """Store one whole slab (..., dz, Y, X) that begins at slice z0, and mark it done."""
        self.put(z0, data)
        self.mark(z0)

    def put(
        self,
        z0: int,
        data: NDArray[Any],
        *,
        rows: slice | None = None,
        columns: slice | None = None,
    ) -> None:
        """Store the shards of a slab within `rows` and `columns` (whole shards), not yet done."""
        rows, columns = rows or slice(0, self.shape[-2]), columns or slice(0, self.shape[-1])
        expected = (
            *self.shape[:-3],
            self._thickness(z0),
            rows.stop - rows.start,
            columns.stop - columns.start,
        )
        if data.shape != expected:
            raise ValueError(f"The slab at {z0} has shape {expected}, not {data.shape}.")
        if data.dtype != self.dtype:
            raise ValueError(f"The array holds {self.dtype}, not {data.dtype}.")
        # Shard by shard: zarr would else hold the compressed form of all of them at once.
        for outer in itertools.product(*(range(n) for n in self.shape[:-3])):
            for window in windows(expected[-2:]):
                place: list[Any] = [
                    *outer,
                    slice(z0, z0 + expected[-3]),
                    _shifted(window[0], rows.start),
                    _shifted(window[1], columns.start),
                ]
                if self._taken_up:
                    self._erase(place)
                part: list[Any] = [*outer, slice(None), *window]
                self.array[tuple(place)] = data[tuple(part)]

    def mark(self, z0: int) -> None:
        """Count the slab that begins at z0 as done."""
        self._thickness(z0)
        self._done.add(z0 // self.depth)
        self._marker.write(json.dumps({"depth": self.depth, "done": sorted(self._done)}).encode())

    def forget(self, z0: int) -> None:
        """Count the slab that begins at z0 as not done, for instance because it cannot be read."""
        self._done.discard(z0 // self.depth)

    def __getitem__(self, key: Any) -> NDArray[Any]:
        return np.asarray(self.array[key])

    def finish(self, attrs: Mapping[str, Any] | None = None) -> None:
        """Store final attributes and drop the marker. Raises StoreError if slabs are missing."""
        if not self.complete:
            raise StoreError(f"{self.root}/{self.name} still lacks {len(self.pending)} slabs.")
        self.array.attrs.update({**(attrs or {}), "complete": True})
        self._marker.remove()

    def _erase(self, place: list[Any]) -> None:
        """Remove the shard of a place: zarr would merge into what is there, which may be torn."""
        sides = self.array.shards or self.array.chunks
        first = [p.start if isinstance(p, slice) else p for p in place]
        key = self.array.metadata.encode_chunk_key(
            tuple(at // side for at, side in zip(first, sides, strict=True))
        )
        (self.root / self.name / key).remove()

    def _thickness(self, z0: int) -> int:
        if z0 % self.depth or not 0 <= z0 < self.shape[-3]:
            raise ValueError(f"No slab of {self.root}/{self.name} begins at slice {z0}.")
        return min(self.depth, self.shape[-3] - z0)

    def _read_marker(self) -> set[int]:
        if self.array.attrs.get("complete"):
            return set(range(math.ceil(self.shape[-3] / self.depth)))
        data = self._marker.read()
        if data is None:
            return set()
        marker = json.loads(data)
        return set(marker["done"]) if marker["depth"] == self.depth else set()


def create_array(
    root: Location | str,
    name: str,
    *,
    shape: tuple[int, ...],
    dtype: DTypeLike,
    attrs: Mapping[str, Any] | None = None,
    chunks: tuple[int, ...] | None = None,
    depth: int | None = None,
    zarr_format: ZarrFormat = 3,
    resume: bool = True,
    fill_value: int = 0,
) -> SlabArray:
    """Create the array `name` in the group at `root`, or take up one that a killed writer left.

    It is taken up where shape, dtype and `attrs` are the same; otherwise it is begun anew.
    `shape` is (..., Z, Y, X); leading axes are channels or classes. Shards are `depth` slices deep
    and 2048 voxels wide, inner chunks one slice of 512 voxels; zarr 2 has no shards, so its
    chunks are `chunks` or (depth, 256, 256), for tools that read blocks.
    """
    root, dtype = Location.of(root), np.dtype(dtype)
    depth = depth or slab_depth(shape, dtype)
    store = root.store(read_only=False)
    group = zarr.open_group(store, mode="a", zarr_format=zarr_format)
    wanted = {"slab": depth, **(attrs or {})}
    if resume and name in group:
        found = group[name]
        if (
            isinstance(found, zarr.Array)
            and found.shape == tuple(shape)
            and found.dtype == dtype
            and all(found.attrs.get(key) == value for key, value in wanted.items())
        ):
            return SlabArray(root, name, found, depth, taken_up=True)
    (root / MARKERS / f"{name.replace('/', '-')}.json").remove()
    lead = (1,) * (len(shape) - 3)
    layout: dict[str, Any]
    if zarr_format == 2:
        layout = {
            "chunks": chunks or (*lead, depth, 256, 256),
            "chunk_key_encoding": {"name": "v2", "separator": "/"},
        }
    else:
        # Small planes, such as maps of scores, are one chunk without padding.
        inner = chunks or (*lead, 1, *(min(TILE, n) for n in shape[-2:]))
        sides = (min(SHARD_SIDE, math.ceil(n / c) * c) for n, c in zip(shape, inner, strict=True))
        layout = {"chunks": inner, "shards": (*lead, depth, *list(sides)[-2:])}
    array = zarr.create_array(
        store,
        name=name,
        shape=shape,
        dtype=dtype,
        fill_value=fill_value,
        attributes=wanted,
        zarr_format=zarr_format,
        dimension_names=axis_names(len(shape)) if zarr_format == 3 else None,
        overwrite=True,
        **layout,
    )
    return SlabArray(root, name, array, depth)


def open_array(root: Location | str, name: str) -> SlabArray:
    """Open an array of `create_array` for reading. Raises StoreError where there is none."""
    root = Location.of(root)
    try:
        array = zarr.open_array(root.store(read_only=True), path=name, mode="r")
    except (FileNotFoundError, KeyError, ValueError) as error:
        raise StoreError(f"{root} holds no array named {name}.") from error
    slab = array.attrs.get("slab")
    return SlabArray(root, name, array, slab if isinstance(slab, int) else SHARD_DEPTH)


def slab_depth(shape: tuple[int, ...], dtype: DTypeLike) -> int:
    """Slices in a slab: SHARD_DEPTH, halved until a slab of one leading index fits SLAB_BYTES."""
    depth = SHARD_DEPTH
    while depth > 1 and depth * shape[-2] * shape[-1] * np.dtype(dtype).itemsize > SLAB_BYTES:
        depth //= 2
    return depth


def windows(plane: tuple[int, ...], side: int = SHARD_SIDE) -> Iterator[tuple[slice, slice]]:
    """The shards of a plane, in reading order."""
    for y in range(0, plane[0], side):
        for x in range(0, plane[1], side):
            yield slice(y, min(y + side, plane[0])), slice(x, min(x + side, plane[1]))


def axis_names(count: int) -> list[str]:
    return ["t", "c", "z", "y", "x"][-count:]


def _shifted(window: slice, start: int) -> slice:
    return slice(window.start + start, window.stop + start)
