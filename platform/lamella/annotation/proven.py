"""Who may draw a blind tile: the quality of a whole cube is told from these masks."""

import datetime
from enum import IntEnum

from django.db.models import Q, QuerySet
from django.utils import timezone

from lamella.accounts.models import Volunteer
from lamella.annotation.known import Known
from lamella.annotation.practice import accuracy
from lamella.rounds.models import Task
from lamella.studies.access import at_least, has_role
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


def standing(study: Study, known: Known) -> Standing:
    if at_least(known.role, Role.MANAGER):
        return Standing.EXPERT
    practice = known.practice if known.settled else accuracy(study.pk, known.volunteer.pk)
    if practice and practice.slices >= PROVEN_MASKS and practice.dice >= PROVEN_DICE:
        return Standing.PROVEN
    if known.role is not None and not _has_gold(study):
        return Standing.MEMBER
    return Standing.NEWCOMER


def _has_gold(study: Study) -> bool:
    return Task.objects.filter(study=study, kind=Task.Kind.GOLD).exists()


def in_order_for(study: Study, known: Known, tasks: QuerySet[Task]) -> QuerySet[Task]:
    """The tasks that this volunteer may be given now, in the order in which they are."""
    who = standing(study, known)
    # Where there are none, an index gives the order below.
    if who == Standing.EXPERT and tasks.filter(blind=True).exists():
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
