"""The review queue: which agreed masks wait for a manager, the doubtful first.

Everything here stays quick with a million tasks: pages are read from an index from where the last
one ended, and numbers are counted to MOST_COUNTED and no further.
"""

from dataclasses import dataclass, replace
from typing import Any, Literal
from uuid import UUID

from django.db.models import Avg, Exists, F, Max, OuterRef, Q, QuerySet

from lamella.annotation.models import Correction
from lamella.consensus.models import CONTESTED_BELOW, Consensus, Verdict
from lamella.rounds.models import WAITS, Task
from lamella.studies.models import Study

MOST_COUNTED = 10_000
"""A number of tasks beyond this is told as "more than"."""

MOST_AT_ONCE = 2000
"""Tasks that one bulk accept takes."""

Only = Literal["", "contested", "doubted", "audit", "remarked"]


@dataclass(frozen=True)
class Wanted:
    """What of the queue is asked for; empty fields ask for everything."""

    only: Only = ""
    cube: int | None = None
    round: int | None = None
    """The round's number."""
    bit: int | None = None
    """Bit of a class (standing.bit_of) that the consensus or the proposal holds."""
    volunteer: UUID | None = None
    """Somebody who corrected the task."""

    @property
    def everything(self) -> bool:
        return self == Wanted()


@dataclass(frozen=True)
class Page:
    items: list[Any]
    """Consensuses with `remarked`: whether somebody said something of the slice."""
    after: str
    """Where the next page begins; empty after the last."""


def queue_page(study: Study, wanted: Wanted, after: str = "", limit: int = 60) -> Page:
    """Current consensuses that no manager has judged, or that a rollback put in doubt.

    Those in doubt come first, then by risk: expected error plus disagreement. At most four queries.
    """
    section, cursor = _read(after)
    if wanted.only == "contested":
        section = 1  # what is in doubt has a list of its own
    found: list[Task] = []
    if section == 0:
        found = list(_behind(doubted_tasks(study, wanted), cursor)[: limit + 1])
        cursor = None
    doubted = len(found)
    if len(found) <= limit and wanted.only != "doubted":
        rest = _behind(_agreed_tasks(study, wanted), cursor)
        found += rest[: limit + 1 - len(found)]
    shown = found[:limit]
    more = ""
    if len(found) > limit:
        last = shown[-1]
        more = f"{int(limit > doubted)}:{last.risk!r}:{last.pk}"
    return Page(_current_of(shown), more)


def _read(after: str) -> tuple[int, tuple[float, int] | None]:
    """(0 doubted or 1 agreed, (risk, id) of the last task seen). Raises ValueError."""
    if not after:
        return 0, None
    section, risk, pk = after.split(":")
    return int(section), (float(risk), int(pk))


def _behind(tasks: QuerySet[Task], cursor: tuple[float, int] | None) -> QuerySet[Task]:
    if cursor is not None:
        risk, pk = cursor
        # The first condition follows from the second; it is what an index can be entered by.
        tasks = tasks.filter(risk__lte=risk).filter(Q(risk__lt=risk) | Q(pk__gt=pk))
    return tasks.order_by("-risk", "id").only("study", "risk")


def _current_of(tasks: list[Task]) -> list[Consensus]:
    rows = (
        Consensus.objects.filter(task__in=[task.pk for task in tasks], current=True)
        .annotate(remarked=Exists(remarks().filter(task=OuterRef("task"))))
        .select_related("task__cube", "task__round")
        .defer("mask", "probability", "task__cube__source", "task__round__selection")
    )
    by_task = {row.task_id: row for row in rows}
    return [by_task[task.pk] for task in tasks if task.pk in by_task]


_IN_DOUBT = Consensus.objects.filter(task=OuterRef("pk"), current=True, needs_review=True)


def doubted_tasks(study: Study, wanted: Wanted | None = None) -> QuerySet[Task]:
    """Whatever their state: what they rest on was rolled back."""
    # From the few consensuses in doubt, not from all the tasks.
    pks = Consensus.objects.filter(current=True, needs_review=True, task__study=study)
    tasks = study.tasks.filter(pk__in=pks.values("task")).exclude(kind=Task.Kind.GOLD)
    return _narrowed(tasks, study, wanted or Wanted())


def _agreed_tasks(study: Study, wanted: Wanted | None = None) -> QuerySet[Task]:
    """Agreed, in nobody's doubt, not judged."""
    return _narrowed(
        study.tasks.filter(WAITS).exclude(Exists(_IN_DOUBT)), study, wanted or Wanted()
    )


def _narrowed(tasks: QuerySet[Task], study: Study, wanted: Wanted) -> QuerySet[Task]:
    if wanted.only == "contested":
        contested = Consensus.objects.filter(
            task=OuterRef("pk"), current=True, agreement__lt=CONTESTED_BELOW
        )
        # Risk is at least the disagreement: the index passes over all that cannot be contested.
        tasks = tasks.filter(Exists(contested), risk__gt=1 - CONTESTED_BELOW - 1e-9)
    elif wanted.only == "audit":
        tasks = tasks.filter(kind=Task.Kind.AUDIT)
    elif wanted.only == "remarked":
        tasks = tasks.filter(pk__in=remarks().values("task"))
    if wanted.cube is not None:
        tasks = tasks.filter(cube_id=wanted.cube)
    if wanted.round is not None:
        tasks = tasks.filter(round__in=study.rounds.filter(number=wanted.round).values("pk"))
    if wanted.bit is not None:
        tasks = tasks.annotate(held=F("holds").bitand(wanted.bit)).filter(held__gt=0)
    if wanted.volunteer is not None:
        made = Correction.objects.filter(volunteer=wanted.volunteer, withdrawn__isnull=True)
        tasks = tasks.filter(pk__in=made.values("task"))
    return tasks


def remarks() -> QuerySet[Correction]:
    """Masks of which somebody said that the slice was hard, or left a comment."""
    return Correction.objects.filter(withdrawn__isnull=True).exclude(flag="", comment="")


def counted(tasks: QuerySet[Task]) -> int:
    """How many, counted to MOST_COUNTED + 1, which means: more than MOST_COUNTED."""
    return tasks.order_by().values("pk")[: MOST_COUNTED + 1].count()


def count_of(study: Study, wanted: Wanted) -> int:
    """How many tasks a filter leaves, counted to MOST_COUNTED + 1. At most two queries."""
    found = counted(doubted_tasks(study, wanted)) if wanted.only != "contested" else 0
    if wanted.only != "doubted":
        found += counted(_agreed_tasks(study, wanted))
    return min(found, MOST_COUNTED + 1)


def counts_of(study: Study, wanted: Wanted) -> dict[str, int]:
    """`review_counts`, and "total": how many the filter leaves. At most six queries."""
    counts = review_counts(study)
    if wanted.everything:
        total = counts["waiting"]
    elif wanted in (Wanted(only="contested"), Wanted(only="doubted")):
        total = counts[wanted.only]
    else:
        total = count_of(study, wanted)
    return {**counts, "total": total}


def review_counts(study: Study) -> dict[str, int]:
    """{"waiting", "contested", "doubted", "remarked"}, each counted to MOST_COUNTED + 1. Four
    queries."""
    doubted = counted(doubted_tasks(study))
    agreed = counted(_agreed_tasks(study))
    return {
        "waiting": min(agreed + doubted, MOST_COUNTED + 1),
        "contested": count_of(study, replace(Wanted(), only="contested")),
        "doubted": doubted,
        "remarked": counted(_agreed_tasks(study, replace(Wanted(), only="remarked"))),
    }


def bulk(study: Study, risk: float) -> QuerySet[Task]:
    """What a bulk accept takes, the surest first: nobody's doubt, no word unread, and a known
    expected error."""
    sure = _agreed_tasks(study).filter(expected_error__lte=risk)
    return sure.exclude(pk__in=remarks().values("task")).order_by("expected_error", "id")


def bulk_figures(study: Study, risk: float) -> dict[str, Any]:
    """{"qualify", "count", "highest", "mean", "changed_share"}: of those that qualify, the
    MOST_AT_ONCE surest are taken, and the other figures are theirs. Two queries."""
    qualify = bulk(study, risk)
    taken = Consensus.objects.filter(
        current=True, task__in=qualify.values("pk")[:MOST_AT_ONCE]
    ).aggregate(
        highest=Max("task__expected_error"),
        mean=Avg("task__expected_error"),
        changed_share=Avg("changed_share"),
    )
    number = qualify.order_by().count()
    return {"qualify": number, "count": min(number, MOST_AT_ONCE), **taken}


def judged(study: Study) -> QuerySet[Verdict]:
    """Verdicts that stand, the latest first."""
    return (
        study.verdicts.filter(undone__isnull=True)
        .select_related("consensus__task__cube", "manager")
        .defer("consensus__mask", "consensus__probability")
        .order_by("-pk")
    )
