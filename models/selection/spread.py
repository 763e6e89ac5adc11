"""Round 0, with no labels at all: slices that stand for the others, along z and in looks.

Facility location: greedily the candidate that adds most likeness to all others, so that a choice
represents many. The farthest-point rule would instead collect the outliers: torn, dirty and empty
slices.
"""

import numpy as np

from models.config import SelectionConfig
from models.selection.pool import Choice, Pool, Reals


class Spread:
    """Uses Pool.features if there are any, else z alone; what is known counts as chosen already."""

    name = "spread"

    def __init__(self, config: SelectionConfig | None = None) -> None:
        self.config = config or SelectionConfig()

    def choose(self, pool: Pool, n: int, rng: np.random.Generator) -> list[Choice]:
        """See Strategy."""
        candidates = np.flatnonzero(pool.open())
        if not len(candidates) or n <= 0:
            return []
        limit = max(self.config.spread_limit, n)
        if len(candidates) > limit:
            candidates = np.sort(rng.choice(candidates, limit, replace=False))
        where = self._positions(pool, min(n, len(candidates)) + len(pool.known_boxes()))
        here = where[candidates]
        likeness = np.exp(-np.abs(here[:, None] - here[None]).sum(axis=2))
        reached = np.zeros(len(candidates))
        for index in self._known(pool):
            reached = np.maximum(reached, np.exp(-np.abs(here - where[index]).sum(axis=1)))
        tie = rng.random(len(candidates)) * 1e-9
        taken = np.zeros(len(candidates), dtype=bool)
        choices: list[Choice] = []
        while len(choices) < n and not taken.all():
            gain = np.maximum(likeness - reached, 0).sum(axis=1) + tie
            gain[taken] = -np.inf
            best = int(gain.argmax())
            taken[best] = True
            stands_for = int((likeness[best] > reached).sum())
            reached = np.maximum(reached, likeness[best])
            i = candidates[best]
            reason = (
                f"Slice {int(pool.z[i]) + 1}: nothing is learned yet, and it stands for "
                f"{stands_for} that are near it or look like it."
            )
            choices.append(Choice(int(pool.identity[i]), float(gain[best]), reason))
        return choices

    def _positions(self, pool: Pool, n: int) -> Reals:
        """(N, D) coordinates in which a distance of 1 is the usual space between n choices."""
        length = float(np.ptp(pool.z)) + 1
        cube = np.unique(pool.cube, return_inverse=True)[1].astype(np.float64)
        columns = [pool.z / length * max(n, 1), cube * 10.0]
        if len(np.unique(pool.box, axis=0)) > 1:
            y0, x0, height, width = pool.box.T.astype(np.float64)
            columns += [y0 / np.maximum(height, 1) / 2, x0 / np.maximum(width, 1) / 2]
        if pool.features is not None and pool.features.shape[1]:
            looks = np.nan_to_num(pool.features, nan=0.0, posinf=0.0, neginf=0.0)
            low, middle, high = np.quantile(looks, [0.1, 0.5, 0.9], axis=0)
            scaled = np.clip((looks - middle) / np.maximum(high - low, 1e-9), -3, 3)
            scaled *= self.config.feature_weight / looks.shape[1] * max(n, 1) ** 0.5
            columns += list(scaled.T)
        return np.column_stack(columns)

    @staticmethod
    def _known(pool: Pool) -> list[int]:
        """Candidates that are known already, as far as the pool has them."""
        found: list[int] = []
        for row in pool.known_boxes():
            same = (pool.cube == row[0]) & (pool.z == row[1]) & (pool.covered(row) >= 0.5)
            found += np.flatnonzero(same).tolist()
        return found
