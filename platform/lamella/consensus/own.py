"""What a volunteer sees of their own work in a study: theirs alone, and no skill in figures."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, Min, Q, Sum
from django.db.models.functions import TruncDate

from lamella.accounts.models import Volunteer
from lamella.annotation.models import Correction
from lamella.annotation.practice import practice_scores
from lamella.consensus.record import Made, masks_of, practice_of
from lamella.consensus.recording import SETTLED
from lamella.rounds.models import Task
from lamella.studies.models import Study

LATEST = 12


@dataclass(frozen=True)
class Practice:
    """A slice that experts had drawn. dice: how alike theirs is to the experts'."""

    when: datetime
    dice: float


@dataclass(frozen=True)
class Own:
    """masks: slices they handed in; agreed: of these, how many are agreed on by now; days: on how
    many days they came; practice: oldest first; found, planted: errors hidden in what they were
    shown that they put right, and all; made: their latest masks."""

    masks: int
    seconds: float
    agreed: int
    days: int
    first: datetime | None
    last: datetime | None
    practice: list[Practice]
    found: int
    planted: int
    made: list[Made]


def own_work_in(study: Study, volunteer: Volunteer | None) -> Own:
    """What somebody did in a study. Six queries."""
    if volunteer is None:
        return Own(0, 0.0, 0, 0, None, None, [], 0, 0, [])
    made = Correction.objects.filter(
        volunteer=volunteer,
        task__study=study,
        supersedes__isnull=True,
        withdrawn__isnull=True,
    )
    settled = Q(task__state__in=SETTLED) & ~Q(task__kind=Task.Kind.GOLD)
    total = made.aggregate(
        masks=Count("pk"),
        seconds=Sum("active_seconds"),
        agreed=Count("pk", filter=settled),
        days=Count(TruncDate("created"), distinct=True),
        first=Min("created"),
        last=Max("created"),
    )
    found, planted = practice_of(study, volunteer.pk)
    return Own(
        masks=total["masks"],
        seconds=total["seconds"] or 0.0,
        agreed=total["agreed"],
        days=total["days"],
        first=total["first"],
        last=total["last"],
        practice=[Practice(*one) for one in practice_scores(study.pk, volunteer.pk)],
        found=found,
        planted=planted,
        made=masks_of(study, volunteer.pk)[:LATEST],
    )
