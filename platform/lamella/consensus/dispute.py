"""Where people differ: agreement task by task, and the objects that they differ on most."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import BooleanField, ExpressionWrapper, Q

from lamella.consensus.models import Consensus, Contested
from lamella.rounds.models import Task
from lamella.studies.models import Study

LATEST = 2000
"""Tasks that are looked back on: what was agreed on last tells most of how it goes now."""
BINS = 20
LEAST = 12
OBJECTS = 30


@dataclass(frozen=True)
class Bin:
    """How many tasks have an agreement of low to high; the last holds what is equal to it."""

    low: float
    high: float
    tasks: int


@dataclass(frozen=True)
class Agreement:
    """tasks: with two or more masks; median: of their agreement, None without any; bins: by
    agreement, ascending, from the lowest that holds one, or a half; least: where people differ
    most."""

    tasks: int
    median: float | None
    bins: list[Bin]
    least: list[Consensus]


def agreement_of(study: Study) -> Agreement:
    """Agreement (mean pairwise Dice) of a study's latest tasks. Two queries."""
    # From the tasks, of which an index holds those agreed on last.
    rows = (
        study.tasks.filter(retired__isnull=False, blind=False, consensuses__current=True)
        .exclude(kind=Task.Kind.GOLD)
        .order_by("-retired")
        .annotate(
            several=ExpressionWrapper(
                Q(consensuses__corrections__1__isnull=False), output_field=BooleanField()
            )
        )
        .values_list("consensuses", "consensuses__agreement", "several")[:LATEST]
    )
    found = [(agreement, pk) for pk, agreement, several in rows if several]
    if not found:
        return Agreement(0, None, [], [])
    found.sort()
    values = [agreement for agreement, _ in found]
    least = (
        Consensus.objects.filter(pk__in=[pk for _, pk in found[:LEAST]])
        .select_related("task__cube", "task__round")
        .defer(
            "mask", "probability", "task__planted", "task__cube__source", "task__round__selection"
        )
        .order_by("agreement", "pk")
    )
    return Agreement(len(values), values[len(values) // 2], _bins(values), list(least))


def _bins(values: Sequence[float]) -> list[Bin]:
    places = [min(int(value * BINS), BINS - 1) for value in values]
    first = min(*places, BINS // 2)
    return [
        Bin(place / BINS, (place + 1) / BINS, places.count(place)) for place in range(first, BINS)
    ]


def contested_of(study: Study) -> list[Contested]:
    """The objects on which people differ most, of tasks on which no manager has decided."""
    return list(
        Contested.objects.filter(study=study)
        .exclude(consensus__task__state=Task.State.ACCEPTED)
        .select_related("consensus__task__cube", "consensus__task__round")
        .defer(
            "consensus__mask",
            "consensus__probability",
            "consensus__task__planted",
            "consensus__task__cube__source",
            "consensus__task__round__selection",
        )
        .order_by("-doubt", "id")[:OBJECTS]
    )
