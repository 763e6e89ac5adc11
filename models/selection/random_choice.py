"""Any candidate, all equally likely: the plain baseline."""

import numpy as np

from models.config import SelectionConfig
from models.selection.pool import Choice, Pool


class Random:
    """Simple random choice without replacement."""

    name = "random"

    def __init__(self, config: SelectionConfig | None = None) -> None:
        self.config = config or SelectionConfig()

    def choose(self, pool: Pool, n: int, rng: np.random.Generator) -> list[Choice]:
        """See Strategy."""
        free = np.flatnonzero(pool.open())
        chosen = rng.choice(free, min(n, len(free)), replace=False)
        return [
            Choice(
                int(pool.identity[i]),
                1 / len(free),
                f"Slice {int(pool.z[i]) + 1}: drawn at random from {len(free)}.",
            )
            for i in chosen
        ]
