"""How alike a practice mask is to the experts'."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lamella.rounds.gold import gold_mask
from lamella.rounds.models import Task
from lamella.studies.classes import class_map
from models.quality.metrics import dice


def gold_dice(task: Task, mask: NDArray[Any]) -> float | None:
    """Dice of a (height, width) mask of a gold task; None where the gold is gone or undecided."""
    classes = class_map(task.study)
    try:
        truth = classes.to_classes(gold_mask(task))
    except LookupError:
        return None
    score = dice(classes.to_classes(mask), truth, classes.count)
    return float(score) if np.isfinite(score) else None
