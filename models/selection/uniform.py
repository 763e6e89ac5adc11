"""Evenly spaced along z, whatever is known: how people pick slices by hand."""

import numpy as np

from models.config import SelectionConfig
from models.selection.pool import Choice, Pool


class Uniform:
    """Equal steps through the open candidates in order of cube and z; tiles of a slice are
    shuffled."""

    name = "uniform"

    def __init__(self, config: SelectionConfig | None = None) -> None:
        self.config = config or SelectionConfig()

    def choose(self, pool: Pool, n: int, rng: np.random.Generator) -> list[Choice]:
        """See Strategy."""
        free = np.flatnonzero(pool.open())
        if not len(free) or n <= 0:
            return []
        count = min(n, len(free))
        shuffled = rng.permutation(len(free))
        order = free[np.lexsort((shuffled, pool.z[free], pool.cube[free]))]
        steps = ((np.arange(count) + 0.5) * len(order) / count).astype(np.int64)
        return [
            Choice(
                int(pool.identity[i]),
                1.0,
                f"Slice {int(pool.z[i]) + 1}: one of {count} evenly spaced.",
            )
            for i in order[steps]
        ]
