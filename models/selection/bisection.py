"""The slice that shortens the way to known slices most: the best-placed interpolation."""

import numpy as np

from models.config import SelectionConfig
from models.selection.pool import Choice, Ints, Pool, Reals

FAR = 4.0
"""With nothing known at a place, every slice counts as this many cube lengths away."""


class Bisection:
    """Greedily what lowers the summed distance of all slices to the nearest known one at their
    place.

    Between two known slices that is the middle of the largest gap; at a cube's ends, where nothing
    lies beyond, about two thirds of the way out. Partly known places (tiles that overlap) count by
    the covered share.
    """

    name = "bisection"

    def __init__(self, config: SelectionConfig | None = None) -> None:
        self.config = config or SelectionConfig()

    def choose(self, pool: Pool, n: int, rng: np.random.Generator) -> list[Choice]:
        """See Strategy."""
        free = pool.open()
        tie = rng.random(len(pool))
        keys = np.column_stack([pool.cube, pool.box])
        _, place = np.unique(keys, axis=0, return_inverse=True)
        place = place.ravel()
        away = self._away(pool)
        gain = np.full(len(pool), -np.inf)
        columns = {int(p): np.flatnonzero(place == p) for p in np.unique(place[free])}
        for members in columns.values():
            self._refresh(members, pool.z, away, free, gain)
        choices: list[Choice] = []
        while len(choices) < n and free.any():
            top = gain[free].max()
            among = np.flatnonzero(free & (gain >= top - 1e-9))
            best = int(among[np.argmax(away[among] + tie[among] / 2)])
            far, length = float(away[best]), float(np.ptp(pool.z) + 1)
            where = (
                "nothing is known at its place"
                if far > length
                else f"{far:.0f} slices from the nearest known one"
            )
            reason = f"Slice {int(pool.z[best]) + 1}: {where}."
            choices.append(Choice(int(pool.identity[best]), float(gain[best]), reason))
            free[best] = False
            members = columns[int(place[best])]
            away[members] = np.minimum(away[members], np.abs(pool.z[members] - pool.z[best]))
            self._refresh(members, pool.z, away, free, gain)
        return choices

    @staticmethod
    def _away(pool: Pool) -> Reals:
        """(N,) slices to the nearest known box at the same place, stretched where it covers but
        part."""
        far = FAR * (float(np.ptp(pool.z)) + 1 if len(pool) else 1.0)
        away = np.full(len(pool), far)
        for row in pool.known_boxes():
            share = np.where(pool.cube == row[0], pool.covered(row), 0)
            distance = share * np.abs(pool.z - row[1]) + (1 - share) * far
            away = np.minimum(away, distance)
        return away

    @staticmethod
    def _refresh(members: Ints, z: Ints, away: Reals, free: "np.ndarray", gain: Reals) -> None:
        open_ones = members[free[members]]
        gain[members] = -np.inf
        for strip in np.array_split(open_ones, max(1, len(open_ones) * len(members) // 2_000_000)):
            new = np.abs(z[strip][:, None] - z[members][None])
            gain[strip] = np.maximum(away[members] - new, 0).sum(axis=1)
