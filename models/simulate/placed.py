"""What interpolation alone reaches, with no model at all: from evenly spaced and from well-placed
slices."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.config import PropagationConfig
from models.labels import Labels
from models.propagation.interpolate import SignedDistances, interpolate_slices
from models.quality.metrics import Overlap, overlap, overlap_of_slices
from models.selection.bisection import Bisection
from models.selection.pool import Pool


@dataclass(frozen=True, slots=True)
class Point:
    """``shown``: share of a cube's slices that are known; ``dice``: of the whole cube, the mean
    over classes."""

    shown: float
    dice: float


def bisected(truth: Labels, classes: int, most: float = 0.6) -> list[Point]:
    """Dice of interpolating 2, 3, ... slices (up to the share ``most``), each put where it shortens
    the way to known slices most. truth: (Z, H, W) classes 0..K."""
    order = _by_bisection(len(truth), max(2, round(most * len(truth))))
    return list(_grown(truth, classes, order))


def adapted(truth: Labels, classes: int, most: float = 0.6) -> list[Point]:
    """The same, each put in the middle of the gap whose known ends differ most, for its length.

    The strongest placing that needs no model: what lies between is not looked at.
    """
    order = _by_difference(truth, max(2, round(most * len(truth))))
    return list(_grown(truth, classes, order))


def evenly(truth: Labels, classes: int, most: float = 0.6) -> list[Point]:
    """Dice of interpolating evenly spaced slices, for about 30 numbers of them."""
    depth = len(truth)
    points = []
    last = max(2, round(most * depth))
    for count in np.unique(np.geomspace(2, last, 36).round().astype(int)):
        places = np.unique(((np.arange(count) + 0.5) * depth / count).astype(int))
        planes = interpolate_slices({int(z): truth[z] for z in places}, _shape(truth), classes)
        pairs = ((np.asarray(p, truth.dtype), truth[z]) for z, p in enumerate(planes))
        dice = overlap_of_slices(pairs, classes).mean_dice()
        points.append(Point(round(len(places) / depth, 4), round(dice, 4)))
    return points


def mean_curve(curves: Sequence[Sequence[Point]], step: float = 0.01) -> list[Point]:
    """Mean Dice of several cubes at equal share, on a common grid of shares.

    The grid spans what all curves span; between its points a curve is straight. One curve is given
    back as it is.
    """
    if len(curves) == 1:
        return list(curves[0])
    if not all(curves):
        return []
    first = max(curve[0].shown for curve in curves)
    last = min(curve[-1].shown for curve in curves)
    grid = np.append(np.arange(first, last, step), last) if last > first else np.array([first])
    values = [np.interp(grid, [p.shown for p in c], [p.dice for p in c]) for c in curves]
    dice = np.mean(values, axis=0)
    pairs = zip(grid, dice, strict=True)
    return [Point(round(float(s), 4), round(float(d), 4)) for s, d in pairs]


def reached(points: list[Point], target: float) -> float | None:
    """The smallest share shown from which ``target`` is reached, None if it never is."""
    return next((p.shown for p in points if p.dice >= target), None)


def _by_bisection(depth: int, count: int) -> list[int]:
    z = np.arange(depth, dtype=np.int64)
    pool = Pool(
        identity=z,
        cube=np.zeros(depth, np.int64),
        z=z,
        box=np.tile(np.array([[0, 0, 1, 1]], np.int64), (depth, 1)),
    )
    chosen = Bisection().choose(pool, min(count, depth), np.random.default_rng(0))
    return [choice.identity for choice in chosen]


def _by_difference(truth: Labels, count: int) -> list[int]:
    depth = len(truth)
    order = list(dict.fromkeys([0, depth - 1]))
    gaps = [(0, depth - 1)]
    while len(order) < min(count, depth):
        # Where no two ends differ, nothing is known yet of what may lie between: the longest gap.
        rated = [
            (np.count_nonzero(truth[low] != truth[high]) * (high - low), high - low, low, high)
            for low, high in gaps
            if high - low > 1
        ]
        _, _, low, high = max(rated)
        middle = (low + high) // 2
        order.append(middle)
        gaps.remove((low, high))
        gaps += [(low, middle), (middle, high)]
    return order


def _grown(truth: Labels, classes: int, order: list[int]) -> Iterator[Point]:
    """A point after each slice from the second on. A new slice changes only what lies between its
    known neighbours, so only that is interpolated again."""
    depth = len(truth)
    everywhere = PropagationConfig(reach=depth)
    per_slice: list[Overlap | None] = [None] * depth
    placed: list[int] = []
    for index, z in enumerate(order):
        placed = sorted([*placed, z])
        at = placed.index(z)
        first = 0 if at == 0 else placed[at - 1]
        last = depth - 1 if at == len(placed) - 1 else placed[at + 1]
        near = {p: truth[p] for p in placed[max(at - 1, 0) : at + 2]}
        maps = SignedDistances(near, _shape(truth), classes, everywhere)
        for k in range(first, last + 1):
            per_slice[k] = overlap(np.asarray(maps.labels(k), truth.dtype), truth[k], classes)
        if index:
            total = _sum(per_slice, classes)
            yield Point(round(len(placed) / depth, 4), round(total.mean_dice(), 4))


def _shape(truth: Labels) -> tuple[int, int, int]:
    return (truth.shape[0], truth.shape[1], truth.shape[2])


def _sum(parts: list[Overlap | None], classes: int) -> Overlap:
    def of(name: str) -> NDArray[np.int64]:
        rows = [getattr(part, name) for part in parts if part is not None]
        total: NDArray[np.int64] = np.sum(rows, axis=0)
        return total.reshape(classes)

    return Overlap(of("both"), of("predicted"), of("true"))
