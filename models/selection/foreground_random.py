"""Random, with a share of the draws forced onto predicted foreground: the baseline to beat.

nnActive (arXiv 2511.19183) finds that no published method reliably beats random sampling that is
aware of foreground. Theirs forces a share of the random patches to hold foreground; here a forced
draw falls on a random voxel that the proposal takes for foreground, so a candidate is drawn in
proportion to the foreground predicted in it. The others are plain random draws.
"""

import numpy as np

from models.config import SelectionConfig
from models.selection.pool import Choice, Pool, SelectionError


class ForegroundRandom:
    """Needs scores "foreground": the predicted share of each candidate's area."""

    name = "foreground_random"

    def __init__(self, config: SelectionConfig | None = None) -> None:
        self.config = config or SelectionConfig()

    def choose(self, pool: Pool, n: int, rng: np.random.Generator) -> list[Choice]:
        """See Strategy."""
        if "foreground" not in pool.scores:
            raise SelectionError(
                f"The strategy “{self.name}” needs the scores “foreground”, which these "
                "candidates do not have; score the proposal first or choose another strategy."
            )
        area = (pool.box[:, 2] * pool.box[:, 3]).astype(np.float64)
        share = np.nan_to_num(pool.scores["foreground"], nan=0.0, posinf=0.0, neginf=0.0)
        foreground = np.clip(share, 0, None) * area
        free = pool.open()
        choices: list[Choice] = []
        while len(choices) < n and free.any():
            left = np.flatnonzero(free)
            odds = foreground[left]
            forced = rng.random() < self.config.foreground_share and odds.sum() > 0
            i = int(rng.choice(left, p=odds / odds.sum())) if forced else int(rng.choice(left))
            free[i] = False
            why = (
                "drawn at random among what the model takes for foreground"
                if forced
                else f"drawn at random from {len(left)}"
            )
            chance = float(odds[left == i][0] / odds.sum()) if forced else 1 / len(left)
            reason = f"Slice {int(pool.z[i]) + 1}: {why}."
            choices.append(Choice(int(pool.identity[i]), chance, reason))
        return choices
