"""How alike a practice mask is to the experts': worked out once, and kept with the mask."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lamella.annotation.masks import mask_of
from lamella.annotation.models import Correction
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


def score_late(correction_id: str) -> float | None:
    """Of a mask that came before scores were kept with them: from now on it is."""
    found = Correction.objects.select_related("task__study", "task__cube").get(pk=correction_id)
    score = gold_dice(found.task, mask_of(found))
    if score is not None:
        Correction.objects.filter(pk=correction_id).update(gold_dice=score)
    return score
