"""Greedy choice of what removes most error: on the slice shown, and on those it speaks for.

A known mask reaches its neighbours (models.propagation): between two known slices, lo and hi slices
away, an outline can wander as a bridge does, by v = lo * hi / (lo + hi); beyond the last one by
v = its distance. How little such a place is told is

    u(v) = 1 - exp(-(v / spread) ** power),

0 on a known slice, 1 far from all. Showing slice i takes slice j from u to u', so that of the error
e_j expected there now the share u' / u is left. A candidate is worth

    e_i + sum over j != i of e_j * (1 - u'_j / u_j),

over what it costs. Where error is even along z, that is bisection; where it is not, it leans
towards the error. The gain only ever shrinks as more is known, so choosing greedily is sound
(Nemhauser, Wolsey, Fisher 1978), and choices keep apart along z by themselves.

What is learned from a slice helps those that look like it as well, wherever they lie: with looks
given, each choice takes a share of the expected error off its look-alikes.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.config import SelectionConfig
from models.selection.pool import Ints, Pool, Reals

BAND = 8.0
"""Spreads beyond which a shown slice is not asked about: u is within 1 % of 1 there."""


@dataclass(frozen=True, slots=True, eq=False)
class _Column:
    """Candidates at one place of one cube, in order of z."""

    members: Ints
    z: Reals


class Cover:
    """The state of a greedy choice: expected error left, and how near known slices lie.

    error:   (N,) error expected of each candidate now, finite and not negative; any unit.
    seconds: (N,) what each costs, positive; None where all cost the same.

    A known box that covers a candidate in part counts as further away, by the share it leaves open.
    Gains are kept a column at a time and looked at within a band along z, so that a choice costs
    what its column does, not the square of the pool.
    """

    def __init__(
        self,
        pool: Pool,
        error: Reals,
        config: SelectionConfig | None = None,
        seconds: Reals | None = None,
    ) -> None:
        settings = config or SelectionConfig()
        self.pool = pool
        self.left = error.astype(np.float64).copy()
        self.seconds = np.ones(len(pool)) if seconds is None else seconds
        self.spread = max(settings.spread, 1e-6)
        self.power = settings.spread_power
        self.alike = settings.alike
        self.looks = _scaled_looks(pool)
        self.free = pool.open()
        self.below = np.full(len(pool), np.inf)
        self.above = np.full(len(pool), np.inf)
        self.gain = np.full(len(pool), -np.inf)
        keys = np.column_stack([pool.cube, pool.box])
        _, which = np.unique(keys, axis=0, return_inverse=True)
        order = np.lexsort((pool.z, which.ravel()))
        parts = np.split(order, np.flatnonzero(np.diff(which.ravel()[order])) + 1)
        self.columns = [_Column(p, pool.z[p].astype(np.float64)) for p in parts if len(p)]
        self._firsts = np.array([c.members[0] for c in self.columns], dtype=np.int64)
        for row in pool.known_boxes():
            self._reach(row)
        # What others have in hand will be known soon, so it helps its neighbours as well.
        for i in [] if pool.excluded is None else np.flatnonzero(pool.excluded):
            self._reach(np.array([pool.cube[i], pool.z[i], *pool.box[i]], dtype=np.int64))
        for column in self.columns:
            self._refresh(column)

    def best(self, tie: Reals) -> int | None:
        """Index of the open candidate with most gain, the larger `tie` first among equals."""
        if not self.free.any():
            return None
        top = self.gain[self.free].max()
        among = np.flatnonzero(self.free & (self.gain >= top - 1e-12 * max(1.0, abs(top))))
        return int(among[np.argmax(tie[among])])

    def take(self, index: int) -> None:
        """Mark a candidate as chosen: what it speaks for is expected to be better from now on."""
        pool = self.pool
        self.free[index] = False
        row = np.array([pool.cube[index], pool.z[index], *pool.box[index]], dtype=np.int64)
        before = self._untold(self.below, self.above)
        touched = self._reach(row)
        with np.errstate(invalid="ignore", divide="ignore"):
            share = np.where(before > 0, self._untold(self.below, self.above) / before, 0.0)
        self.left *= np.minimum(share, 1.0)
        if self.looks is not None and self.alike > 0:
            far = ((self.looks - self.looks[index]) ** 2).mean(axis=1)
            self.left *= 1.0 - self.alike * np.exp(-far)
            touched = self.columns
        for column in touched:
            self._refresh(column)

    def _untold(self, below: Reals, above: Reals) -> Reals:
        """u of the distances to the nearest known slices; see the module."""
        near, far = np.minimum(below, above), np.maximum(below, above)
        with np.errstate(invalid="ignore", divide="ignore"):
            wander = np.where(np.isfinite(far) & (far > 0), near * far / (near + far), near)
        untold: Reals = -np.expm1(-((wander / self.spread) ** self.power))
        return untold

    def _reach(self, row: Ints) -> list[_Column]:
        """Note a known box; the columns it lies in."""
        touched = []
        shares = self.pool.covered(row, self._firsts) * (self.pool.cube[self._firsts] == row[0])
        for number in np.flatnonzero(shares):
            column, share = self.columns[number], float(shares[number])
            away = (np.abs(column.z - row[1]) + (1 - share) * self.spread) / share
            for side, where in ((self.below, column.z >= row[1]), (self.above, column.z <= row[1])):
                members = column.members[where]
                side[members] = np.minimum(side[members], away[where])
            touched.append(column)
        return touched

    def _refresh(self, column: _Column) -> None:
        members, z = column.members, column.z
        below, above, left = self.below[members], self.above[members], self.left[members]
        untold = self._untold(below, above)
        self.gain[members] = -np.inf
        candidates = np.flatnonzero(self.free[members])
        reach = min(int(BAND * self.spread) + 1, len(members) - 1)
        offsets = np.concatenate([np.arange(-reach, 0), np.arange(1, reach + 1)])
        # In strips, so that a column of thousands of slices needs no large matrix at once.
        strips = max(1, len(candidates) * len(offsets) // 500_000)
        for strip in np.array_split(candidates, strips):
            other = strip[:, None] + offsets
            inside = (other >= 0) & (other < len(members))
            other = np.clip(other, 0, len(members) - 1)
            step = z[other] - z[strip][:, None]
            new = self._untold(
                np.where(step > 0, np.minimum(below[other], step), below[other]),
                np.where(step < 0, np.minimum(above[other], -step), above[other]),
            )
            with np.errstate(invalid="ignore", divide="ignore"):
                share = np.where(untold[other] > 0, 1 - new / untold[other], 0.0)
            helped = (np.clip(share, 0, 1) * left[other] * inside).sum(axis=1)
            self.gain[members[strip]] = (left[strip] + helped) / self.seconds[members[strip]]


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


def _scaled_looks(pool: Pool) -> Reals | None:
    """(N, F) looks in units of their usual spread, or None."""
    if pool.features is None or not pool.features.size:
        return None
    looks = np.nan_to_num(pool.features.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    low, middle, high = np.quantile(looks, [0.1, 0.5, 0.9], axis=0)
    scaled: Reals = np.clip((looks - middle) / np.maximum((high - low) / 4, 1e-9), -6, 6)
    return scaled
