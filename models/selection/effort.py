"""How long a task will take: looking at it, and redrawing what is expected to be wrong.

    seconds = look + change * voxels wrong

fitted to what corrections took, drawn towards a usual pace; people pause, so times far from the fit
count for less (Huber's weights).
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import nnls

from models.config import EffortConfig
from models.selection.pool import Reals

_ROUNDS = 8


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

    The usual pace stands where there are fewer than `minimum`, and keeps one task's weight after.
    """
    settings = config or EffortConfig()
    good = np.isfinite(seconds) & np.isfinite(changed) & (seconds > 0) & (changed >= 0)
    seconds, changed = seconds[good].astype(np.float64), changed[good].astype(np.float64)
    usual = Effort(settings.look, settings.change, len(seconds))
    if len(seconds) < settings.minimum:
        return usual
    typical = max(float(np.median(changed)), 1.0)
    usual_pace = np.array([settings.look, settings.change * typical])
    design = np.column_stack([np.ones(len(seconds)), changed / typical])
    held = np.eye(2)
    weight = np.ones(len(seconds))
    found = usual_pace
    for _ in range(_ROUNDS):
        rows = np.vstack([design * weight[:, None], held])
        found = nnls(rows, np.concatenate([seconds * weight, held @ usual_pace]))[0]
        off = np.abs(seconds - design @ found)
        limit = max(1.5 * float(np.median(off)), 1.0)
        weight = np.sqrt(np.minimum(1.0, limit / np.maximum(off, 1e-9)))
    look, change = found
    # Nothing takes no time at all, however quickly people click.
    return Effort(max(float(look), 1.0), float(change) / typical, len(seconds))
