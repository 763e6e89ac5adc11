"""The audit trail: every verdict that was ever given, who gave it, and who took it back."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from lamella.consensus.models import Verdict
from lamella.studies.models import Study

LENGTH = 50
"""Rows of one page."""


@dataclass(frozen=True)
class Entry:
    verdict: Verdict
    together: int
    """Verdicts that were given at once with it, itself included."""
    standing: int
    """How many of these stand."""


@dataclass(frozen=True)
class Trail:
    entries: list[Entry]
    before: int | None
    """Where the next, older page begins."""


def trail_of(
    study: Study, *, before: int | None = None, kind: str = "", manager: int | None = None
) -> Trail:
    """A page of the trail, the latest first; verdicts given at once are one entry. Two queries."""
    found = _one_a_batch(study.verdicts.all())
    if before is not None:
        found = found.filter(pk__lt=before)
    if kind == "undone":
        found = found.filter(undone__isnull=False)
    elif kind:
        found = found.filter(kind=kind)
    if manager is not None:
        found = found.filter(manager=manager)
    rows = list(
        found.select_related(
            "manager", "undone_by", "consensus__task__cube", "consensus__task__round"
        )
        .defer(
            "consensus__mask",
            "consensus__probability",
            "consensus__task__round__selection",
            "consensus__task__cube__source",
        )
        .order_by("-pk")[: LENGTH + 1]
    )
    more, rows = len(rows) > LENGTH, rows[:LENGTH]
    sizes = _sizes(study, rows)
    alone = {row.pk: (1, 0 if row.undone else 1) for row in rows}
    entries = [Entry(row, *sizes.get(row.batch, alone[row.pk])) for row in rows]
    return Trail(entries, rows[-1].pk if more else None)


def _one_a_batch(verdicts: QuerySet[Verdict]) -> QuerySet[Verdict]:
    later = Verdict.objects.filter(batch=OuterRef("batch"), pk__gt=OuterRef("pk"))
    return verdicts.filter(Q(batch__isnull=True) | ~Exists(later))


def _sizes(study: Study, rows: list[Verdict]) -> dict[UUID | None, tuple[int, int]]:
    """{batch: (verdicts, of which stand)}."""
    batches = [row.batch for row in rows if row.batch]
    if not batches:
        return {}
    counted = (
        study.verdicts.filter(batch__in=batches)
        .values("batch")
        .annotate(all=Count("pk"), stand=Count("pk", filter=Q(undone__isnull=True)))
    )
    return {row["batch"]: (row["all"], row["stand"]) for row in counted}


def judges_of(study: Study) -> list[tuple[int, str]]:
    """(id, name) of everybody who manages the study now, to choose from."""
    members = study.memberships.exclude(role="volunteer").select_related("user")
    return [(m.user_id, m.user.username) for m in members.order_by("user__username")]
