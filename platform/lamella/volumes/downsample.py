"""One step of a pyramid: blocks of 2 x 2 or 2 x 2 x 2 voxels become one."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lamella.volumes.geometry import Level
from lamella.volumes.slabs import SlabArray, windows

_BATCH_BYTES = 32 * 2**20


def mean_blocks(block: NDArray[Any], z_step: int) -> NDArray[Any]:
    """Mean of each (z_step, 2, 2) block of a (Z, Y, X) array, in its own dtype.

    Integers are rounded half up; of floats, what is not finite does not count. An odd edge
    counts its last plane twice.
    """
    parts = _corners(block, z_step)
    if block.dtype.kind == "f":
        return _mean_of_finite(parts, block.dtype)
    wide = np.int64 if block.dtype.itemsize > 2 else np.int32
    total = np.full(parts[0].shape, len(parts) // 2, wide)
    for part in parts:
        total += part
    return (total // len(parts)).astype(block.dtype)


def mode_blocks(block: NDArray[Any], z_step: int) -> NDArray[Any]:
    """The most frequent value of each (z_step, 2, 2) block, so that labels stay labels.

    Between equally frequent values the one that comes first in ZYX order is taken.
    """
    parts = _corners(block, z_step)
    best, most = parts[0].copy(), np.zeros(parts[0].shape, np.uint8)
    if all(np.array_equal(part, best) for part in parts[1:]):
        return best
    for part in parts:
        count = np.zeros(part.shape, np.uint8)
        for other in parts:
            count += part == other
        better = count > most
        best[better] = part[better]
        most[better] = count[better]
    return best


def write_level(
    source: SlabArray,
    target: SlabArray,
    level: Level,
    finer: Level,
    *,
    labels: bool,
    z0: int,
    z1: int,
) -> None:
    """Fill slices z0 .. z1 (one slab) of `target` from the level before it, in bounded memory."""
    reduce = mode_blocks if labels else mean_blocks
    z_step = level.factors[0] // finer.factors[0]
    for rows, columns in windows(target.shape[-2:]):
        height, width = rows.stop - rows.start, columns.stop - columns.start
        out = np.empty((z1 - z0, height, width), target.dtype)
        plane_bytes = 4 * z_step * height * width * target.dtype.itemsize
        batch = max(1, _BATCH_BYTES // plane_bytes)
        for start in range(z0, z1, batch):
            stop = min(start + batch, z1)
            block = source[
                start * z_step : min(stop * z_step, source.shape[-3]),
                2 * rows.start : min(2 * rows.stop, source.shape[-2]),
                2 * columns.start : min(2 * columns.stop, source.shape[-1]),
            ]
            out[start - z0 : stop - z0] = reduce(block, z_step)
        target.put(z0, out, rows=rows, columns=columns)
    target.mark(z0)


def _corners(block: NDArray[Any], z_step: int) -> list[NDArray[Any]]:
    """The voxels of each block as z_step * 4 arrays, odd edges repeated."""
    steps = (z_step, 2, 2)
    missing = [(0, -n % step) for n, step in zip(block.shape, steps, strict=True)]
    if any(after for _, after in missing):
        block = np.pad(block, missing, mode="edge")
    return [block[z::z_step, y::2, x::2] for z in range(z_step) for y in range(2) for x in range(2)]


def _mean_of_finite(parts: list[NDArray[Any]], dtype: np.dtype[Any]) -> NDArray[Any]:
    total = np.zeros(parts[0].shape, np.float64)
    count = np.zeros(parts[0].shape, np.uint8)
    for part in parts:
        finite = np.isfinite(part)
        total += np.where(finite, part, 0)
        count += finite
    with np.errstate(invalid="ignore"):
        return (total / count).astype(dtype)
