"""What is known on either side of a slice, as the segmenter is shown it.

Interpolating known masks says nothing of the image, and a segmenter that sees the image alone says
nothing of the masks. Given both, and the image of the known slice too, it can follow an outline
from where it is known to where it is not.

A network that learns this from known slices alone learns it badly: of a known slice the nearest
other one is twice as far away as it will be of the slices that are to be predicted, so it learns
not to look (science says the same of every channel made of known masks). Most neighbours that it
learns from are therefore *made*: the slice itself, bent by as much as outlines move over a gap that
will be met.
"""

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt
from torch import Tensor
from torch.nn import functional as F

from models.networks.types import TrainingSlice, target_of

SIDES = (-1, 1)
"""Towards lower z first."""
REACH = 16
"""Slices beyond which a known slice is not shown."""
FADE = 4.0
"""Slices over which nearness falls to 1/e."""
BEND = 12.0
"""Pixels between the knots of a bend: bodies a few knots across change shape, not only place."""
BEND_POWER = 0.8
"""How far outlines move with the slices between, as interpolation's error does."""
NORMAL = 0.75
"""Mean displacement along an outline's normal of a bend whose knots have standard deviation 1."""
USUAL_DRIFT = 0.7
"""Pixels that an outline moves to the next slice, where no two slices are known."""
CELLS = 16
"""Parts of a plane along each axis that have gaps of their own."""
DRIFT_RANGE = (0.2, 3.0)
DRIFT_PAIRS = 12
DRIFT_SIDE = 1024
"""Rows and columns of a slice that are looked at, at most twice as many."""

Indices = NDArray[np.int64]


def channels(classes: int) -> int:
    """Channels of one side: its image, one mask a class, its nearness."""
    return classes + 2


def nearness(slices: float) -> float:
    """1 at the slice itself, less with each slice between; 0 says that nothing is known."""
    return math.exp(-slices / FADE)


@dataclass(frozen=True, slots=True, eq=False)
class Neighbours:
    """The known slices of a cube, asked for those beside another slice.

    known: by z; its values in `classes` are the foreground classes in order.
    plane: gives slice z of the image (H, W), scaled to [-1, 1].
    """

    known: Mapping[int, TrainingSlice]
    classes: Sequence[int]
    plane: Callable[[int], NDArray[Any]]

    def beside(self, z: int, rows: Indices, columns: Indices) -> NDArray[np.float32]:
        """(2, K + 2, h, w): of each side the nearest known pixels, zero where none is in reach.

        Slice z itself is not looked at, whether it is known or not.
        """
        found = np.zeros((2, channels(len(self.classes)), len(rows), len(columns)), np.float32)
        take = np.ix_(rows, columns)
        for side, towards in zip(found, SIDES, strict=True):
            empty = np.ones(side.shape[1:], dtype=np.bool_)
            for slices in range(1, REACH + 1):
                known = self.known.get(z + towards * slices)
                if known is None:
                    continue
                weight = None if known.weight is None else np.asarray(known.weight)[take]
                cut = TrainingSlice(np.asarray(known.labels)[take], weight)
                target, counts = target_of(cut, self.classes)
                fresh = empty & (counts > 0)
                if not fresh.any():
                    continue
                image = np.asarray(self.plane(z + towards * slices))[take]
                side[0][fresh] = image[fresh]
                side[1:-1, fresh] = target[1:, fresh]
                side[-1][fresh] = nearness(slices)
                empty &= ~fresh
                if not empty.any():
                    break
        return found


def gaps_met(known: Mapping[int, TrainingSlice], shape: Sequence[int]) -> NDArray[np.int64]:
    """(n, 2): of places that are not known, how far the known ones on either side are.

    shape: (Z, H, W) of the cube. Where all is known, the gaps of the known places. A side with
    nothing in reach has REACH + 1. Where slices are known in tiles, each part of the plane has gaps
    of its own.
    """
    order = sorted(known)
    if all(known[z].weight is None for z in order):
        return _gaps(np.array(order, dtype=np.int64), int(shape[0]))
    there = np.stack([_cells(known[z], shape[1:]) for z in order])
    columns = there.reshape(len(order), -1).T
    return np.concatenate([_gaps(np.array(order)[column], int(shape[0])) for column in columns])


def _cells(known: TrainingSlice, size: Sequence[int]) -> NDArray[np.bool_]:
    """(CELLS, CELLS) of a slice at most: in which of them most pixels count."""
    if known.weight is None:
        return np.ones([min(CELLS, length) for length in size], dtype=np.bool_)
    share = (np.asarray(known.weight) > 0).astype(np.float32)
    for axis, length in enumerate(size):
        cells = min(CELLS, length)
        starts = np.arange(cells) * length // cells
        lengths = np.expand_dims(np.diff([*starts, length]), 1 - axis)
        share = np.add.reduceat(share, starts, axis=axis) / lengths
    most: NDArray[np.bool_] = share > 0.5
    return most


def _gaps(there: NDArray[np.int64], depth: int) -> NDArray[np.int64]:
    """(n, 2) of the slices between those that are there, or of these where there are no others."""
    unknown = np.setdiff1d(np.arange(depth), there)
    asked = unknown if len(unknown) else there
    far = np.int64(REACH + 1)
    if not len(there):
        return np.full((len(asked), 2), far)
    below = np.searchsorted(there, asked) - 1
    above = np.searchsorted(there, asked, side="right")
    low = np.where(below >= 0, asked - there[np.maximum(below, 0)], far)
    high = np.where(above < len(there), there[np.minimum(above, len(there) - 1)] - asked, far)
    gaps: NDArray[np.int64] = np.minimum(np.stack([low, high], axis=1), far)
    return gaps


def drift_of(known: Mapping[int, TrainingSlice], classes: Sequence[int]) -> float:
    """Pixels that outlines move from a slice to the next, told from the nearest known pairs."""
    order = sorted(known)
    pairs = sorted(itertools.pairwise(order), key=lambda pair: pair[1] - pair[0])
    found = []
    for low, high in pairs[:DRIFT_PAIRS]:
        moved = _moved(known[low], known[high], classes)
        if moved is not None:
            found.append(moved / (high - low) ** BEND_POWER)
    if not found:
        return USUAL_DRIFT
    return float(np.clip(np.median(found), *DRIFT_RANGE))


def _moved(a: TrainingSlice, b: TrainingSlice, classes: Sequence[int]) -> float | None:
    """Median distance in pixels from the outlines of one slice to those of another.

    Of large slices only some rows and columns are looked at.
    """
    step = max(1, max(a.labels.shape) // DRIFT_SIDE)
    a, b = _thinned(a, step), _thinned(b, step)
    (first, counts_a), (second, counts_b) = target_of(a, classes), target_of(b, classes)
    sure = (counts_a > 0) & (counts_b > 0)
    apart = []
    for one, other in zip(first[1:] >= 0.5, second[1:] >= 0.5, strict=True):
        edges = [_outline(mask) & sure for mask in (one, other)]
        if not (edges[0].any() and edges[1].any()):
            continue
        apart += [distance_transform_edt(~edges[1])[edges[0]]]
        apart += [distance_transform_edt(~edges[0])[edges[1]]]
    return step * float(np.median(np.concatenate(apart))) if apart else None


def _thinned(known: TrainingSlice, step: int) -> TrainingSlice:
    weight = None if known.weight is None else np.asarray(known.weight)[::step, ::step]
    return TrainingSlice(np.asarray(known.labels)[::step, ::step], weight)


def _outline(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Pixels of a mask that touch what is not of it, above or to the left."""
    edge = np.zeros_like(mask)
    edge[1:] |= mask[1:] != mask[:-1]
    edge[:, 1:] |= mask[:, 1:] != mask[:, :-1]
    return edge


@lru_cache(maxsize=8)
def straight(height: int, width: int) -> Tensor:
    """(1, H, W, 2): the grid that samples a slice where it is. Shared, so not to be written to."""
    return F.affine_grid(torch.eye(2, 3)[None], [1, 1, height, width], align_corners=False)


def make(
    image: Tensor,
    target: Tensor,
    weight: Tensor,
    slices: int,
    drift: float,
    rng: np.random.Generator,
) -> Tensor:
    """(K + 2, c, c): a neighbour made of a slice itself, bent as if it lay `slices` away.

    image: (c, c); target: (K + 1, c, c) shares, background first; weight: (1, c, c).
    """
    side = image.shape[-1]
    knots = max(3, round(side / BEND) + 1)
    noise = rng.standard_normal((1, 2, knots, knots), dtype=np.float32)
    size = drift * slices**BEND_POWER / NORMAL
    bend = F.interpolate(torch.from_numpy(noise), (side, side), mode="bicubic", align_corners=True)[
        0
    ] * (2.0 * size / side)
    grid = straight(side, side) + bend.permute(1, 2, 0)[None]
    counts = (weight > 0).float()
    given = torch.cat([image[None], target[1:] * counts, counts])[None]
    bent = F.grid_sample(given, grid, padding_mode="border", align_corners=False)[0]
    known = (bent[-1] > 0.5).float()
    masks = (bent[1:-1] > 0.5).float()
    return torch.cat([bent[:1], masks, torch.full_like(known, nearness(slices))[None]]) * known
