"""Who may draw a blind tile: the quality of a whole cube is told from these masks."""

import datetime
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

import numpy as np
from django.db.models import Q, QuerySet
from django.utils import timezone

from lamella.accounts.models import Volunteer
from lamella.annotation.masks import mask_of
from lamella.annotation.models import Correction
from lamella.annotation.practice import gold_dice
from lamella.rounds.models import Task
from lamella.studies.access import at_least, has_role, role_in
from lamella.studies.models import Role, Study
from lamella.studies.policy import config_of
from models.config import BlindConfig

PROVEN_DICE = 0.85
"""Mean Dice on gold slices from which a volunteer counts as proven."""
PROVEN_MASKS = 3
"""Gold slices that it takes."""


class Standing(IntEnum):
    NEWCOMER = 0
    """Nobody knows them here: a blind tile only when nobody else took it for a while, and last."""
    MEMBER = 1
    """Somebody made them a member, and there is no gold to prove oneself on: last, but at once."""
    PROVEN = 2
    """Their masks of gold slices are good: in the order of value."""
    EXPERT = 3
    """Managers and admins: first, and one mask is enough."""


def standing(study: Study, volunteer: Volunteer) -> Standing:
    role = role_in(volunteer.user, study) if volunteer.user else None
    if at_least(role, Role.MANAGER):
        return Standing.EXPERT
    if _proven(study, volunteer):
        return Standing.PROVEN
    gold = Task.objects.filter(study=study, kind=Task.Kind.GOLD).exists()
    if role is not None and not gold:
        return Standing.MEMBER
    return Standing.NEWCOMER


def in_order_for(study: Study, volunteer: Volunteer, tasks: QuerySet[Task]) -> QuerySet[Task]:
    """The tasks that this volunteer may be given now, in the order in which they are."""
    if not tasks.filter(blind=True).exists():
        return tasks
    who = standing(study, volunteer)
    if who == Standing.EXPERT:
        return tasks.order_by("-blind", "-priority", "id")
    if who == Standing.PROVEN:
        return tasks
    if who == Standing.NEWCOMER:
        patience = config_of(study, BlindConfig, "blind").patience_hours
        waited = timezone.now() - datetime.timedelta(hours=patience)
        tasks = tasks.filter(Q(blind=False) | Q(created__lte=waited))
    return tasks.order_by("blind", "-priority", "id")


def is_expert(study: Study, volunteer: Volunteer) -> bool:
    return volunteer.user is not None and has_role(volunteer.user, study, Role.MANAGER)


@dataclass(frozen=True)
class Accuracy:
    """dice: mean over the gold slices that somebody drew; slices: how many those are."""

    dice: float
    slices: int


def accuracy(study: Study, volunteer: Volunteer) -> Accuracy | None:
    """How well a volunteer's practice masks match the experts'; None before the first."""
    scores = _scores(study, volunteer)
    return Accuracy(float(np.mean(scores)), len(scores)) if scores else None


def accuracies(volunteer: Volunteer) -> dict[int, Accuracy]:
    """{study: `accuracy`} of every study in which a volunteer practised. One query."""
    made = Correction.objects.filter(
        assignment__practice=True,
        assignment__volunteer=volunteer,
        volunteer=volunteer,
        superseded_by__isnull=True,
        withdrawn__isnull=True,
    ).values_list("task__study_id", "pk", "gold_dice")
    scores: dict[int, list[float]] = {}
    for study, pk, kept in made:
        score = _late(str(pk)) if kept is None else kept
        if score is not None:
            scores.setdefault(study, []).append(score)
    return {study: Accuracy(float(np.mean(all_)), len(all_)) for study, all_ in scores.items()}


def _proven(study: Study, volunteer: Volunteer) -> bool:
    found = accuracy(study, volunteer)
    return found is not None and found.slices >= PROVEN_MASKS and found.dice >= PROVEN_DICE


def _scores(study: Study, volunteer: Volunteer) -> list[float]:
    return [score for _, score in practice_scores(study, volunteer)]


def practice_scores(study: Study, volunteer: Volunteer) -> list[tuple[datetime.datetime, float]]:
    """(when, Dice) of each practice mask of a volunteer, the oldest first."""
    made = (
        Correction.objects.filter(
            volunteer=volunteer,
            # An index holds what was given for practice, which is little beside the work.
            assignment__volunteer=volunteer,
            assignment__practice=True,
            task__study=study,
            task__kind=Task.Kind.GOLD,
        )
        .counting()
        .order_by("created")
        .values_list("pk", "created", "gold_dice")
    )
    scores = [(when, _late(str(pk)) if kept is None else kept) for pk, when, kept in made]
    return [(when, score) for when, score in scores if score is not None]


@lru_cache(maxsize=4096)
def _late(correction_id: str) -> float | None:
    """Of a mask that came before scores were kept: its gold may be gone. Not at every look."""
    found = Correction.objects.select_related("task__study", "task__cube").get(pk=correction_id)
    return gold_dice(found.task, mask_of(found))
