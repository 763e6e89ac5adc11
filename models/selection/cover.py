"""Greedy choice of slices that speak for their neighbours.

A corrected slice helps those near it, so a task is worth the error it removes there too: slice j is
helped by a shown slice i to the degree k(i, j) = exp(-|z_i - z_j| / spread) times the share of its
    area that i covers. Choosing greedily what adds most sum_j weight_j * max(0, k(i, j) - helped_j)
is within 1 - 1/e of the best choice (Nemhauser, Wolsey, Fisher 1978), and keeps choices apart along
z by itself.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.selection.pool import Ints, Pool, Reals


@dataclass(frozen=True, slots=True, eq=False)
class _Column:
    """Candidates at one place of one cube, along z."""

    members: Ints
    z: Ints


class Cover:
    """The state of a greedy choice: what every candidate is helped by already.

    Gains are kept a column at a time, so that a choice costs the square of the slices of the
    columns that it touches, not of the pool.
    """

    def __init__(self, pool: Pool, weight: Reals, spread: float) -> None:
        self.pool = pool
        self.weight = weight
        self.spread = max(spread, 1e-6)
        self.helped = np.zeros(len(pool))
        keys = np.column_stack([pool.cube, pool.box])
        _, which = np.unique(keys, axis=0, return_inverse=True)
        order = np.argsort(which.ravel(), kind="stable")
        parts = np.split(order, np.flatnonzero(np.diff(which.ravel()[order])) + 1)
        self.columns = [_Column(p, pool.z[p]) for p in parts if len(p)]
        self.free = pool.open()
        self.gain = np.full(len(pool), -np.inf)
        for row in pool.known_boxes():
            self._help(row)
        for column in self.columns:
            self._refresh(column)

    def best(self, tie: Reals) -> int | None:
        """Index of the open candidate with most gain, the larger `tie` first among equals."""
        if not self.free.any():
            return None
        top = self.gain[self.free].max()
        among = np.flatnonzero(self.free & (self.gain >= top - 1e-12))
        return int(among[np.argmax(tie[among])])

    def take(self, index: int) -> None:
        """Mark a candidate as chosen: its neighbours are helped from now on."""
        pool = self.pool
        self.free[index] = False
        row = np.array([pool.cube[index], pool.z[index], *pool.box[index]], dtype=np.int64)
        for column in self._help(row):
            self._refresh(column)

    def _help(self, row: Ints) -> list[_Column]:
        touched = []
        for column in self.columns:
            first = column.members[0]
            if self.pool.cube[first] != row[0]:
                continue
            share = self._share(first, row)
            if share <= 0:
                continue
            near = share * np.exp(-np.abs(column.z - row[1]) / self.spread)
            self.helped[column.members] = np.maximum(self.helped[column.members], near)
            touched.append(column)
        return touched

    def _share(self, index: int, row: Ints) -> float:
        y0, x0, height, width = (int(v) for v in self.pool.box[index])
        tall = min(y0 + height, int(row[2] + row[4])) - max(y0, int(row[2]))
        wide = min(x0 + width, int(row[3] + row[5])) - max(x0, int(row[3]))
        return max(tall, 0) * max(wide, 0) / max(height * width, 1)

    def _refresh(self, column: _Column) -> None:
        members = column.members
        helped, weight = self.helped[members], self.weight[members]
        self.gain[members] = -np.inf
        open_ones = np.flatnonzero(self.free[members])
        # In strips, so that a column of thousands of slices needs no square matrix at once.
        for strip in np.array_split(open_ones, max(1, len(open_ones) * len(members) // 2_000_000)):
            kernel = np.exp(-np.abs(column.z[strip][:, None] - column.z[None]) / self.spread)
            self.gain[members[strip]] = (np.maximum(kernel - helped, 0) * weight).sum(axis=1)


def usable(values: Reals, free: NDArray[np.bool_]) -> Reals:
    """(N,) scores fit to be added up: finite and not negative.

    A missing score (NaN, infinite) counts as the median of the others; scores with negative values
    are shifted to start at 0.
    """
    result = np.asarray(values, dtype=np.float64).copy()
    finite = np.isfinite(result)
    middle = float(np.median(result[finite & free])) if (finite & free).any() else 1.0
    result[~finite] = middle
    return result - min(0.0, float(result.min(initial=0.0)))
