"""How alike practice masks are to the experts', and what that says of who drew them."""

import datetime
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from lamella.accounts.models import Volunteer
from lamella.annotation.masks import mask_of
from lamella.annotation.models import Correction, Corrections, Participation
from lamella.rounds.gold import gold_mask
from lamella.rounds.models import Task
from lamella.studies.classes import class_map
from models.quality.metrics import dice


@dataclass(frozen=True)
class Accuracy:
    """dice: mean over the gold slices that somebody drew; slices: how many those are."""

    dice: float
    slices: int


def gold_dice(task: Task, mask: NDArray[Any]) -> float | None:
    """Dice of a (height, width) mask of a gold task; None where the gold is gone or undecided."""
    classes = class_map(task.study)
    try:
        truth = classes.to_classes(gold_mask(task))
    except LookupError:
        return None
    score = dice(classes.to_classes(mask), truth, classes.count)
    return float(score) if np.isfinite(score) else None


def accuracy(study_id: int, volunteer_id: UUID) -> Accuracy | None:
    """How well a volunteer's practice masks match the experts'; None before the first."""
    return _mean([score for _, score in practice_scores(study_id, volunteer_id)])


def accuracies(volunteer: Volunteer) -> dict[int, Accuracy]:
    """{study: `accuracy`} of every study in which a volunteer practised. One query."""
    made = _practised(volunteer.pk).filter(superseded_by__isnull=True, withdrawn__isnull=True)
    scores: dict[int, list[float]] = {}
    for study, pk, kept in made.values_list("task__study_id", "pk", "gold_dice"):
        score = _late(str(pk)) if kept is None else kept
        if score is not None:
            scores.setdefault(study, []).append(score)
    return {study: Accuracy(float(np.mean(all_)), len(all_)) for study, all_ in scores.items()}


def practice_scores(study_id: int, volunteer_id: UUID) -> list[tuple[datetime.datetime, float]]:
    """(when, Dice) of each practice mask of a volunteer that counts, the oldest first."""
    made = (
        _practised(volunteer_id)
        .counting()
        .filter(task__study=study_id, task__kind=Task.Kind.GOLD)
        .order_by("created")
        .values_list("pk", "created", "gold_dice")
    )
    scores = [(when, _late(str(pk)) if kept is None else kept) for pk, when, kept in made]
    return [(when, score) for when, score in scores if score is not None]


def settle(study_id: int, volunteer_id: UUID) -> None:
    """Write down `accuracy` where offers read it; called where practice comes in or which of it
    counts has changed, within the transaction."""
    mine = Participation.objects.filter(study=study_id, volunteer=volunteer_id)
    # Locked before anything is counted: what comes in meanwhile is counted by whoever waits.
    if mine.select_for_update().values_list("pk").first() is None:
        return
    found = accuracy(study_id, volunteer_id)
    mine.update(practised=found.slices if found else 0, practice_dice=found.dice if found else None)


def _practised(volunteer_id: UUID) -> Corrections:
    # An index holds what was given for practice, which is little beside the work.
    return Correction.objects.filter(
        assignment__practice=True, assignment__volunteer=volunteer_id, volunteer=volunteer_id
    )


def _mean(scores: list[float]) -> Accuracy | None:
    return Accuracy(float(np.mean(scores)), len(scores)) if scores else None


@lru_cache(maxsize=4096)
def _late(correction_id: str) -> float | None:
    """Of a mask that came before scores were kept: its gold may be gone. Not at every look."""
    found = Correction.objects.select_related("task__study", "task__cube").get(pk=correction_id)
    return gold_dice(found.task, mask_of(found))
