"""Class-stratified, scheduled power sampling of predictive entropy (ClaSP PE, arXiv 2601.13677).

Taken from the published method: (1) the score is the predictive entropy; (2) queries are stratified
by class, each class choosing by the entropy of the voxels that are predicted as it, so that rare
structures are asked about; (3) log scores are perturbed by Gumbel noise, which is sampling by a
power of the score (as in PowerBALD, arXiv 2101.03552); (4) the noise follows a schedule and decays:
diverse choices early on, the highest scores later. Ours, since a choice here is a slice or tile and
not a patch of fixed size: the entropy is averaged over the task, and the schedule runs with the
share of the cubes already known instead of a number of rounds fixed beforehand. There is no cover
along z, which the method does not have either.
"""

import numpy as np

from models.config import SelectionConfig
from models.selection.cover import usable
from models.selection.pool import Choice, Pool, Reals, SelectionError

OF_CLASS = "entropy_of_"
"""Scores "entropy_of_1", ... : mean over the task of the entropy where that class is predicted."""


class ClaspPE:
    """Needs scores "entropy"; stratifies by class where the pool has "entropy_of_<class>" too."""

    name = "clasp_pe"

    def __init__(self, config: SelectionConfig | None = None) -> None:
        self.config = config or SelectionConfig()

    def choose(self, pool: Pool, n: int, rng: np.random.Generator) -> list[Choice]:
        """See Strategy."""
        if "entropy" not in pool.scores:
            raise SelectionError(
                f"The strategy “{self.name}” needs the scores “entropy”, which these "
                "candidates do not have; score the proposal first or choose another strategy."
            )
        free = pool.open()
        noise = self.noise(pool)
        strata = {"all classes": pool.scores["entropy"]}
        classes = sorted(name for name in pool.scores if name.startswith(OF_CLASS))
        strata |= {f"class {name.removeprefix(OF_CLASS)}": pool.scores[name] for name in classes}
        keys = {name: _perturbed(usable(raw, free), noise, rng) for name, raw in strata.items()}
        # Classes take turns, in random order: none is favoured where tasks run out.
        turns = list(rng.permutation(list(keys)))
        choices: list[Choice] = []
        while len(choices) < n and free.any():
            stratum = str(turns[len(choices) % len(turns)])
            i = int(np.argmax(np.where(free, keys[stratum], -np.inf)))
            free[i] = False
            score = float(strata[stratum][i])
            reason = f"Slice {int(pool.z[i]) + 1}: the model is undecided there ({stratum})."
            choices.append(
                Choice(int(pool.identity[i]), score if np.isfinite(score) else 0.0, reason)
            )
        return choices

    def noise(self, pool: Pool) -> float:
        """Scale of the Gumbel noise on log scores: 1 with nothing known, 0 once enough is."""
        area = float((pool.box[:, 2] * pool.box[:, 3]).sum())
        known = pool.known_boxes()
        share = float((known[:, 4] * known[:, 5]).sum()) / area if area else 0.0
        return max(0.0, 1.0 - share / max(self.config.noise_until, 1e-6))


def _perturbed(values: Reals, noise: float, rng: np.random.Generator) -> Reals:
    """Log scores with Gumbel noise, all finite; the order of ties is random."""
    drawn = rng.gumbel(size=len(values))
    logs = np.log(np.maximum(values, 1e-12))
    perturbed: Reals = logs + max(noise, 1e-9) * drawn
    return perturbed
