"""How long a task will take: looking at it, and redrawing what is expected to be wrong.

    seconds = look + change * voxels wrong

fitted to what corrections took, drawn towards a usual pace; people pause, so the largest tenth of
the times counts as no more than the rest.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import nnls

from models.config import EffortConfig
from models.selection.pool import Reals


@dataclass(frozen=True, slots=True)
class Effort:
    """look: seconds a task takes unchanged; change: seconds a changed voxel; examples: how many
    corrections it was fitted to."""

    look: float
    change: float
    examples: int = 0

    def seconds(self, voxels: Reals) -> Reals:
        """(N,) expected seconds of tasks with so many voxels expected wrong."""
        return self.look + self.change * np.clip(voxels, 0, None)


def fit_effort(seconds: Reals, changed: Reals, config: EffortConfig | None = None) -> Effort:
    """The pace of n corrections: (n,) active seconds, (n,) voxels changed.

    The usual pace stands where there are fewer than `minimum`, and keeps a few tasks' weight after.
    """
    settings = config or EffortConfig()
    good = np.isfinite(seconds) & np.isfinite(changed) & (seconds > 0) & (changed >= 0)
    seconds, changed = seconds[good].astype(np.float64), changed[good].astype(np.float64)
    usual = Effort(settings.look, settings.change, len(seconds))
    if len(seconds) < settings.minimum:
        return usual
    seconds = np.minimum(seconds, np.quantile(seconds, 0.9))
    typical = max(float(np.median(changed)), 1.0)
    held = np.sqrt(settings.minimum / 2)
    design = np.vstack(
        [
            np.column_stack([np.ones(len(seconds)), changed / typical]),
            held * np.eye(2),
        ]
    )
    aim = np.concatenate([seconds, held * np.array([settings.look, settings.change * typical])])
    look, change = nnls(design, aim)[0]
    # Nothing takes no time at all, however quickly people click.
    return Effort(max(float(look), 1.0), float(change) / typical, len(seconds))
