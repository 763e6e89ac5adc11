"""What the score-based strategies share: a score, diversity, value per second, a reason."""

import numpy as np

from models.config import SelectionConfig
from models.selection.cover import Cover, usable
from models.selection.pool import Choice, Pool, Reals, SelectionError


def told(score: float) -> str:
    """A score as people read it; powers of ten say nothing to them."""
    return "<0.001" if 0 < score < 0.001 else f"{score:.3g}"


class Scored:
    """Chooses where a score promises most error to remove, neighbours included (see cover.py).

    Where the pool has scores "seconds", what each task is expected to take, value counts per
    second of work.
    """

    name: str
    score: str
    """Key in Pool.scores."""
    words: str
    """What a high score means, to complete "Slice 12: ..."."""

    def __init__(self, config: SelectionConfig | None = None) -> None:
        self.config = config or SelectionConfig()

    def choose(self, pool: Pool, n: int, rng: np.random.Generator) -> list[Choice]:
        """See Strategy."""
        if self.score not in pool.scores:
            raise SelectionError(
                f"The strategy “{self.name}” needs the scores “{self.score}”, which these "
                "candidates do not have; score the proposal first or choose another strategy."
            )
        raw = pool.scores[self.score]
        free = pool.open()
        weight = usable(raw, free)
        if not (weight[free] > 0).any():
            # Nothing tells the candidates apart: keep them apart along z at least.
            weight = np.ones(len(pool))
        cover = Cover(pool, weight, self.config, seconds_of(pool))
        tie = rng.random(len(pool))
        ranks = self._ranks(weight, free)
        choices: list[Choice] = []
        while len(choices) < n and (best := cover.best(tie)) is not None:
            value = float(raw[best])
            if np.isfinite(value):
                score = told(value)
                why = f"{self.words} ({ranks[best]} of {int(free.sum())}, score {score})"
            else:
                why = "has no score yet; taken as average"
            reason = f"Slice {int(pool.z[best]) + 1}: {why}."
            choices.append(Choice(int(pool.identity[best]), float(weight[best]), reason))
            cover.take(best)
        return choices

    @staticmethod
    def _ranks(weight: "np.ndarray", free: "np.ndarray") -> "np.ndarray":
        ranks = np.zeros(len(weight), dtype=np.int64)
        order = np.argsort(-np.where(free, weight, -np.inf), kind="stable")
        ranks[order] = np.arange(1, len(weight) + 1)
        return ranks


def seconds_of(pool: Pool) -> Reals | None:
    """(N,) expected seconds of each task, where the pool tells; a missing one is the median."""
    if "seconds" not in pool.scores:
        return None
    seconds = np.asarray(pool.scores["seconds"], dtype=np.float64).copy()
    good = np.isfinite(seconds) & (seconds > 0)
    if not good.any():
        return None
    seconds[~good] = float(np.median(seconds[good]))
    return seconds
