"""A first look at a source before it is brought in: cheap, and in bounded memory."""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from lamella.cubes.readers.base import VolumeSource
from lamella.volumes.geometry import VoxelSize
from lamella.volumes.stats import RobustRange, distinct
from lamella.volumes.tiles import to_8_bit

_MOST_IDS = 50
_MOST_LABEL_VALUES = 2**20


@dataclass(frozen=True)
class Preview:
    """What a person checks before an ingest.

    `low` and `high` are the least and greatest finite value of the slices looked at;
    `thumbnails` are the slices at `thumbnail_z`, uint8 (height, width), windowed to their robust
    range. `ids` are the first values other than 0 found there and `id_count` how many there are
    (None for real-valued voxels): the values to map when these are labels.
    """

    name: str
    axes: str
    shape: tuple[int, int, int]
    dtype: str
    channels: int
    voxel_size: VoxelSize | None
    low: float
    high: float
    thumbnail_z: tuple[int, ...]
    thumbnails: tuple[NDArray[np.uint8], ...]
    ids: tuple[int, ...]
    id_count: int | None


def preview(
    source: VolumeSource, *, slices: int = 3, side: int = 256, labels: bool = False
) -> Preview:
    """Look at a few slices, evenly spread; with `labels`, at every slice for the ids."""
    depth = source.shape[0]
    chosen = tuple(sorted({int((i + 0.5) * depth / slices) for i in range(slices)}))
    values = RobustRange(source.dtype)
    planes: list[NDArray[Any]] = []
    ids: set[int] = set()
    whole_numbers = source.dtype.kind in "bui"
    for z in range(depth) if labels and whole_numbers else chosen:
        plane = source.slices(z, z + 1)[0]
        if whole_numbers and len(ids) < _MOST_LABEL_VALUES:
            ids.update(int(i) for i in distinct(plane))
        if z in chosen:
            values.add(plane[np.newaxis])
            planes.append(_smaller(plane, side, nearest=labels))
    ids.discard(0)
    low, high = values.percentiles()
    found = values.least <= values.greatest
    return Preview(
        name=source.name,
        axes=source.axes,
        shape=source.shape,
        dtype=source.dtype.name,
        channels=source.channels,
        voxel_size=source.voxel_size,
        low=values.least if found else 0.0,
        high=values.greatest if found else 0.0,
        thumbnail_z=chosen,
        thumbnails=tuple(to_8_bit(plane, low, high) for plane in planes),
        ids=tuple(sorted(ids)[:_MOST_IDS]),
        id_count=len(ids) if whole_numbers else None,
    )


def _smaller(plane: NDArray[Any], side: int, *, nearest: bool) -> NDArray[Any]:
    """At most `side` pixels a side."""
    scale = side / max(plane.shape)
    if scale >= 1:
        return plane
    height, width = (max(1, round(n * scale)) for n in plane.shape)
    if nearest:
        step = max(plane.shape) / side
        rows = (np.arange(height) * step).astype(int)
        columns = (np.arange(width) * step).astype(int)
        return plane[np.ix_(rows, columns)]
    reduced = cv2.resize(plane.astype(np.float32), (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(reduced)
