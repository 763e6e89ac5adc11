"""Reading OME-Zarr 0.4 and 0.5, from a folder or an address, as a (Z, Y, X) cube with levels."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import cv2
import numpy as np
import zarr
from numpy.typing import NDArray

from lamella.volumes.errors import StoreError
from lamella.volumes.geometry import Region, VoxelSize
from lamella.volumes.omezarr_meta import (
    CubeFacts,
    FoundAxes,
    Version,
    find_axes,
    find_facts,
    find_multiscale,
    find_voxel_size,
)
from lamella.volumes.storage import Location

Axis = Literal["z", "y", "x"]


@dataclass(frozen=True)
class LevelInfo:
    """One stored resolution: (Z, Y, X) shape, voxel size, and how much coarser than level 0."""

    index: int
    shape: tuple[int, int, int]
    factors: tuple[int, int, int]
    voxel_size: VoxelSize | None


class ArrayView:
    """A (Z, Y, X) level as an array-like: nothing is read before it is indexed.

    Indices are integers and slices, as in numpy, without steps other than 1 for z-thin reads.
    """

    def __init__(self, array: zarr.Array[Any], axes: FoundAxes, fixed: Mapping[str, int]) -> None:
        self._array = array
        self._axes = axes
        self._fixed = fixed
        depth, height, width = (array.shape[i] for i in axes.zyx)
        self.shape: tuple[int, int, int] = (depth, height, width)
        self.dtype = np.dtype(array.dtype).newbyteorder("=")
        self.ndim = 3
        self.chunk_bytes = math.prod(array.chunks) * self.dtype.itemsize

    def __len__(self) -> int:
        return self.shape[0]

    def __iter__(self) -> Iterator[NDArray[Any]]:
        return (self[z] for z in range(len(self)))

    def __getitem__(self, key: Any) -> NDArray[Any]:
        keys = key if isinstance(key, tuple) else (key,)
        if Ellipsis in [k for k in keys if k is Ellipsis]:
            at = next(i for i, k in enumerate(keys) if k is Ellipsis)
            keys = (*keys[:at], *[slice(None)] * (4 - len(keys)), *keys[at + 1 :])
        keys = (*keys, *[slice(None)] * (3 - len(keys)))
        place: list[Any] = [self._fixed.get(name, 0) for name in self._axes.names]
        for axis, k, length in zip(self._axes.zyx, keys, self.shape, strict=True):
            if not isinstance(k, slice):
                k = int(k) + length if int(k) < 0 else int(k)
                if not 0 <= k < length:
                    raise IndexError(f"Index {k} is outside of an axis of length {length}.")
            place[axis] = k
        out = np.asarray(self._array[tuple(place)], self.dtype)
        # What is left are the axes that were slices, in stored order; bring them into ZYX order.
        kept = [axis for axis, k in zip(self._axes.zyx, keys, strict=True) if isinstance(k, slice)]
        return out.transpose([sorted(kept).index(axis) for axis in kept])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        whole = self[:, :, :]
        return whole if dtype is None else whole.astype(dtype)


class CubeReader:
    """A cube or label volume, opened read-only. See `open_cube`."""

    def __init__(
        self,
        location: Location,
        version: Version,
        arrays: list[ArrayView],
        voxel_size: VoxelSize | None,
        facts: CubeFacts | None,
        attributes: Mapping[str, Any],
        channels: int,
    ) -> None:
        self.location = location
        self.version = version
        self.voxel_size = voxel_size
        self.facts = facts
        self.attributes = attributes
        self.channels = channels
        self._arrays = arrays
        self.shape = arrays[0].shape
        self.dtype = arrays[0].dtype
        self.levels = tuple(
            LevelInfo(index, array.shape, factors, voxel_size and voxel_size.times(factors))
            for index, array in enumerate(arrays)
            for factors in [_factors(self.shape, array.shape)]
        )

    def array(self, level: int = 0) -> ArrayView:
        """A whole level as an array-like that reads what is indexed."""
        return self._arrays[level]

    def read(
        self,
        level: int = 0,
        z: slice = slice(None),
        y: slice = slice(None),
        x: slice = slice(None),
    ) -> NDArray[Any]:
        """A (dz, dy, dx) block of one level, in that level's voxels."""
        return self._arrays[level][z, y, x]

    def region(self, region: Region, level: int = 0) -> NDArray[Any]:
        """The (height, width) voxels of a region, given in that level's voxels."""
        return self._arrays[level][region.z, region.rows, region.columns]

    def plane(self, axis: Axis, index: int, max_px: int, *, labels: bool = False) -> NDArray[Any]:
        """A whole plane through level-0 index `index` of `axis`, with square pixels.

        z gives (y, x), y gives (z, x) and x gives (z, y). At most `max_px` pixels a side, from
        the coarsest level that is fine enough. Raises IndexError outside of the cube.
        """
        number = "zyx".index(axis)
        if not 0 <= index < self.shape[number]:
            raise IndexError(f"The cube has no plane {axis} = {index}; {self.shape[number]} exist.")
        across = [i for i in range(3) if i != number]
        size = self.voxel_size.zyx if self.voxel_size else (1.0, 1.0, 1.0)
        lengths = [self.shape[i] * size[i] for i in across]
        spacing = max(min(size[i] for i in across), max(lengths) / max_px)
        level = self._level_for([spacing / size[i] for i in across], across)
        place: list[Any] = [slice(None)] * 3
        place[number] = min(index // level.factors[number], level.shape[number] - 1)
        plane = self._arrays[level.index][tuple(place)]
        height, width = (max(1, round(length / spacing)) for length in lengths)
        return _resized(plane, height, width, labels=labels or self.is_labels)

    @property
    def is_labels(self) -> bool:
        holder = self.attributes.get("ome", self.attributes)
        return "image-label" in holder

    def _level_for(self, wanted: list[float], across: list[int]) -> LevelInfo:
        """The coarsest level whose voxels are no larger than the pixels wanted."""
        fits = [
            level
            for level in self.levels
            if all(level.factors[i] <= most + 1e-6 for i, most in zip(across, wanted, strict=True))
        ]
        return fits[-1] if fits else self.levels[0]


def open_cube(root: Location | str, *, channel: int = 0, time: int = 0) -> CubeReader:
    """Open an OME-Zarr image or label volume; of other axes, one channel and time is taken.

    Raises StoreError where there is none, or where its arrays are not what its metadata says.
    """
    location = Location.of(root)
    attributes = _group_attributes(location)
    version, multiscale = find_multiscale(attributes, str(location))
    axes = find_axes(multiscale, str(location))
    fixed = {"c": channel, "t": time}
    arrays: list[ArrayView] = []
    channels = 1
    for dataset in multiscale.get("datasets") or []:
        array = _open_level(location, dataset)
        if array.ndim != len(axes.names):
            raise StoreError(f"{location} names {len(axes.names)} axes, but has {array.ndim}.")
        lengths = dict(zip(axes.names, array.shape, strict=True))
        channels = lengths.get("c", 1)
        if any(fixed.get(name, 0) >= n for name, n in lengths.items() if name not in "zyx"):
            raise StoreError(f"{location} has {channels} channels; channel {channel} is not there.")
        arrays.append(ArrayView(array, axes, fixed))
    if not arrays:
        raise StoreError(f"{location} lists no arrays in its multiscale metadata.")
    if 0 in arrays[0].shape:
        raise StoreError(f"{location} is empty: its shape is {arrays[0].shape}.")
    return CubeReader(
        location,
        version,
        arrays,
        find_voxel_size(multiscale, axes, str(location)),
        find_facts(attributes),
        attributes,
        channels,
    )


def _group_attributes(location: Location) -> dict[str, Any]:
    try:
        store = location.store(read_only=True)
        group = zarr.open_group(store, mode="r", use_consolidated=False)
        return dict(group.attrs.asdict())
    # zarr, fsspec and aiohttp have no common error; whatever they raise, nothing could be opened.
    except Exception as error:
        raise StoreError(
            f"{location} cannot be opened as a zarr group ({_first_line(error)})."
        ) from error


def _open_level(location: Location, dataset: Any) -> zarr.Array[Any]:
    path = dataset.get("path") if isinstance(dataset, Mapping) else None
    if not isinstance(path, str) or ".." in path.split("/") or path.startswith("/"):
        raise StoreError(f"{location} lists a level at {path!r}, which is no path inside it.")
    try:
        return zarr.open_array(location.store(read_only=True), path=path, mode="r")
    except Exception as error:
        raise StoreError(
            f"{location} lists the level {path!r}, which cannot be opened ({_first_line(error)})."
        ) from error


def _first_line(error: Exception) -> str:
    text = str(error).strip()
    return text.splitlines()[0][:200] if text else type(error).__name__


def _factors(base: tuple[int, ...], shape: tuple[int, ...]) -> tuple[int, int, int]:
    z, y, x = (max(1, round(a / b)) for a, b in zip(base, shape, strict=True))
    return (z, y, x)


def _resized(plane: NDArray[Any], height: int, width: int, *, labels: bool) -> NDArray[Any]:
    if plane.shape == (height, width):
        return plane
    if labels:
        rows = (np.arange(height) + 0.5) * plane.shape[0] // height
        columns = (np.arange(width) + 0.5) * plane.shape[1] // width
        return plane[np.ix_(rows.astype(int), columns.astype(int))]
    if plane.dtype.name not in ("uint8", "uint16", "int16", "float32"):
        plane = plane.astype(np.float32)
    shrink = height * width < plane.size
    return np.asarray(
        cv2.resize(
            plane, (width, height), interpolation=cv2.INTER_AREA if shrink else cv2.INTER_LINEAR
        )
    )
