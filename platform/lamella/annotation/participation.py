"""Volunteers of a study: what each did in short, and pausing one."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Count, F, Max, Q, Sum
from django.utils import timezone

from lamella.accounts.models import User, Volunteer
from lamella.annotation.models import Correction, Participation
from lamella.studies.models import Membership, Study

LENGTH = 50
"""Rows of one page."""


def note(
    study_id: int, volunteer_id: UUID, *, seconds: float, practice: bool, **signs: bool
) -> None:
    """One more mask of this volunteer; called in the transaction that stores it.

    practice: whether it is one of a gold task. signs: which of the counts unedited, quick, floods
    and copies it adds to.
    """
    now = timezone.now()
    change = {
        "corrections": F("corrections") + 1,
        "seconds": F("seconds") + seconds,
        "last": now,
        "since_practice": 0 if practice else F("since_practice") + 1,
        **{name: F(name) + 1 for name, seen in signs.items() if seen},
    }
    mine = Participation.objects.filter(study=study_id, volunteer=volunteer_id)
    if mine.update(**change):
        return
    # Of two first masks at once the other may have been quicker.
    with suppress(IntegrityError), transaction.atomic():
        Participation.objects.create(study_id=study_id, volunteer_id=volunteer_id)
    mine.update(**change)


def recount(volunteer: Volunteer) -> None:
    """Bring a volunteer's short accounts in line with their masks, where some changed or left."""
    counted = {
        row["task__study"]: row
        for row in Correction.objects.filter(
            volunteer=volunteer, superseded_by__isnull=True, withdrawn__isnull=True
        )
        .values("task__study")
        .annotate(made=Count("pk"), spent=Sum("active_seconds"), newest=Max("created"))
    }
    for mine in Participation.objects.filter(volunteer=volunteer):
        row = counted.get(mine.study_id)
        Participation.objects.filter(pk=mine.pk).update(
            corrections=row["made"] if row else 0,
            seconds=row["spent"] if row else 0.0,
            last=row["newest"] if row else None,
        )


def is_paused(study: Study, volunteer: Volunteer) -> bool:
    """Whether the volunteer gets no tasks of this study for now."""
    return Participation.objects.filter(
        study=study, volunteer=volunteer, paused__isnull=False
    ).exists()


def pause_of(study: Study, volunteer: Volunteer | None) -> Participation | None:
    """What a paused volunteer is told; None for everybody else."""
    if volunteer is None:
        return None
    return Participation.objects.filter(
        study=study, volunteer=volunteer, paused__isnull=False
    ).first()


def pause(study: Study, volunteer: Volunteer, *, by: User, why: str = "") -> Participation:
    """No more tasks of this study for them; what they have in hand they may still hand in, and
    their masks stay."""
    Participation.objects.get_or_create(study=study, volunteer=volunteer)
    mine = Participation.objects.filter(study=study, volunteer=volunteer)
    mine.filter(paused__isnull=True).update(
        paused=timezone.now(), paused_by=by, paused_why=why.strip()
    )
    return mine.get()


def let_on(study: Study, volunteer: Volunteer) -> Participation | None:
    """Give them tasks again."""
    mine = Participation.objects.filter(study=study, volunteer=volunteer)
    mine.update(paused=None, paused_by=None, paused_why="")
    return mine.first()


@dataclass(frozen=True)
class VolunteerPage:
    rows: list[Participation]
    after: str
    """Where the next page begins; empty after the last."""


def volunteers_of(
    study: Study, *, after: str = "", paused: bool = False, name: str = ""
) -> VolunteerPage:
    """A page of a study's volunteers, the latest at work first; who never handed anything in
    stands last. One query, two where the page reaches those.

    Raises ValueError for an ``after`` that this function did not give.
    """
    found = study.participations.select_related("volunteer__user", "paused_by")
    if paused:
        found = found.filter(paused__isnull=False)
    if name:
        found = found.filter(_named(name))
    # Apart, so that an index gives the order: databases do not agree on where NULL stands in it.
    worked = found.filter(last__isnull=False).order_by("-last", "pk")
    idle = found.filter(last__isnull=True).order_by("pk")
    if after:
        moment, _, pk = after.rpartition("_")
        last, key = (datetime.fromisoformat(moment) if moment else None), int(pk)
        if last is None:
            worked, idle = worked.none(), idle.filter(pk__gt=key)
        else:
            worked = worked.filter(last__lte=last).filter(Q(last__lt=last) | Q(pk__gt=key))
    rows = list(worked[: LENGTH + 1])
    if len(rows) <= LENGTH:
        rows += idle[: LENGTH + 1 - len(rows)]
    more = ""
    if len(rows) > LENGTH:
        end = rows[LENGTH - 1]
        more = f"{end.last.isoformat() if end.last else ''}_{end.pk}"
    return VolunteerPage(rows[:LENGTH], more)


def _named(name: str) -> Q:
    """By user name, or by the beginning of the pseudonym."""
    wanted = Q(volunteer__user__username__istartswith=name)
    bare = name.replace("-", "").lower()
    if len(bare) >= 4 and all(c in "0123456789abcdef" for c in bare) and len(bare) <= 32:
        low, high = UUID(bare.ljust(32, "0")), UUID(bare.ljust(32, "f"))
        wanted |= Q(volunteer__gte=low, volunteer__lte=high)
    return wanted


@dataclass(frozen=True)
class Work:
    """A member and what they did in the study; ``mine`` is None for who never began."""

    member: Membership
    mine: Participation | None
    tested: int
    mended: int
    """Of the errors planted in what they were shown, how many they put right."""


def work_of(study: Study, members: list[Membership]) -> list[Work]:
    """The same members, in their order. Two queries."""
    found = study.participations.filter(volunteer__user__in=[m.user_id for m in members])
    by_user = {row.volunteer.user_id: row for row in found.select_related("volunteer")}
    tests = planted_of(study, [row.volunteer_id for row in by_user.values()])
    rows = []
    for member in members:
        mine = by_user.get(member.user_id)
        tested, mended = tests.get(mine.volunteer_id, (0, 0)) if mine else (0, 0)
        rows.append(Work(member, mine, tested, mended))
    return rows


def planted_of(study: Study, volunteers: list[UUID]) -> dict[UUID, tuple[int, int]]:
    """{volunteer: (planted errors shown, of which put right)}. One query."""
    counted = (
        Correction.objects.filter(
            volunteer__in=volunteers,
            task__study=study,
            mended__isnull=False,
            supersedes__isnull=True,
            withdrawn__isnull=True,
        )
        .order_by()
        .values("volunteer")
        .annotate(tested=Count("pk"), found=Count("pk", filter=Q(mended=True)))
    )
    return {row["volunteer"]: (row["tested"], row["found"]) for row in counted}


def figures_of(study: Study) -> dict[str, Any]:
    """{"people", "today", "week", "paused", "corrections", "seconds"} of a study. One query."""
    now = timezone.now()
    day, week = now - timedelta(days=1), now - timedelta(days=7)
    return study.participations.aggregate(
        people=Count("pk", filter=Q(corrections__gt=0)),
        today=Count("pk", filter=Q(last__gte=day)),
        week=Count("pk", filter=Q(last__gte=week)),
        paused=Count("pk", filter=Q(paused__isnull=False)),
        corrections=Sum("corrections"),
        seconds=Sum("seconds"),
    )
