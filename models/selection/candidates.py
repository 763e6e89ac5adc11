"""Slices or tiles as candidates, and patch scores brought to them."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from models.config import SelectionConfig
from models.selection.pool import Ints, Reals

SMALLEST_TILE = 16
"""Pixels below which a tile is no task that anybody could judge."""


@dataclass(frozen=True, slots=True)
class Box:
    """Part of a slice, in pixels."""

    y0: int
    x0: int
    height: int
    width: int


@dataclass(frozen=True, slots=True)
class Doubt:
    """A patch worth a look within a task."""

    box: Box
    score: float


def tiles(height: int, width: int, config: SelectionConfig | None = None) -> list[Box]:
    """The tasks of one slice: the whole, or a grid of nearly equal tiles where it is larger than
    the limit.

    Tiles cover the slice without overlap, are at most `config.tile` a side (SMALLEST_TILE at
    least), in rows from the top left. A limit of 0 makes tiles of every slice.
    """
    settings = config or SelectionConfig()
    if max(height, width) <= settings.slice_limit:
        return [Box(0, 0, height, width)]
    side = max(settings.tile, SMALLEST_TILE)
    ys, xs = _cuts(height, side), _cuts(width, side)
    return [Box(y0, x0, y1 - y0, x1 - x0) for y0, y1 in pairwise(ys) for x0, x1 in pairwise(xs)]


def _cuts(length: int, tile: int) -> list[int]:
    parts = max(1, -(-length // tile))
    return [length * i // parts for i in range(parts + 1)]


def candidates(
    shape: tuple[int, int, int], config: SelectionConfig | None = None
) -> tuple[Ints, Ints]:
    """z (N,) and box (N, 4) of every candidate of a cube of shape (Z, H, W), in order of z,
    then row, column."""
    boxes = np.array(
        [(b.y0, b.x0, b.height, b.width) for b in tiles(shape[1], shape[2], config)],
        dtype=np.int64,
    )
    z = np.repeat(np.arange(shape[0], dtype=np.int64), len(boxes))
    return z, np.tile(boxes, (shape[0], 1))


def score_boxes(
    patches: NDArray[np.floating],
    side: float,
    boxes: Ints,
    how: Literal["mean", "top"] = "mean",
) -> Reals:
    """(N,) one score for each box (N, 4) of a slice from its (h, w) map of patch scores.

    Patch (i, j) covers pixels [i * side, (i + 1) * side) and so on; patches partly in a box count
    by area. "mean": the mean over the box; "top": the mean of the worst tenth of its patches, for
    tasks where little is wrong but badly. NaN patches are left out; a box without a patch is NaN.
    """
    result = np.full(len(boxes), np.nan)
    for n, (y0, x0, height, width) in enumerate(boxes.tolist()):
        wy = _shares(patches.shape[0], side, y0, y0 + height)
        wx = _shares(patches.shape[1], side, x0, x0 + width)
        weight = wy[:, None] * wx[None]
        inside = (weight > 0) & np.isfinite(patches)
        if not inside.any():
            continue
        values, weights = patches[inside].astype(np.float64), weight[inside]
        if how == "top":
            keep = np.argsort(-values, kind="stable")[: max(1, round(0.1 * len(values)))]
            values, weights = values[keep], weights[keep]
        result[n] = float((values * weights).sum() / weights.sum())
    return result


def doubtful(
    patches: NDArray[np.floating], side: float, box: Box, most: int = 3, above: float = -np.inf
) -> list[Doubt]:
    """The worst patches of one task, worst first, cut to its box; `patches` as in score_boxes."""
    wy = _shares(patches.shape[0], side, box.y0, box.y0 + box.height)
    wx = _shares(patches.shape[1], side, box.x0, box.x0 + box.width)
    values = np.where((wy[:, None] * wx[None] > 0) & np.isfinite(patches), patches, -np.inf)
    found: list[Doubt] = []
    for flat in np.argsort(-values, axis=None, kind="stable")[:most]:
        i, j = np.unravel_index(int(flat), values.shape)
        score = float(values[i, j])
        if not score > above or not np.isfinite(score):
            break
        y0, x0 = max(round(int(i) * side), box.y0), max(round(int(j) * side), box.x0)
        y1 = min(round((int(i) + 1) * side), box.y0 + box.height)
        x1 = min(round((int(j) + 1) * side), box.x0 + box.width)
        if y1 > y0 and x1 > x0:
            found.append(Doubt(Box(y0, x0, y1 - y0, x1 - x0), score))
    return found


def _shares(count: int, side: float, start: int, stop: int) -> Reals:
    """(count,) length in pixels that each patch has within [start, stop)."""
    edges = np.arange(count + 1) * side
    shares: Reals = np.clip(np.minimum(edges[1:], stop) - np.maximum(edges[:-1], start), 0, None)
    return shares
