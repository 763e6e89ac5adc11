"""Counts that pages show: made at once where there is little to count, kept where there is much.

No page could wait until a study of a million tasks is counted. The scheduler counts studies of more
than LARGE tasks every few seconds, and pages show what it found last; smaller ones are counted
whenever a page asks.
"""

import time
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from lamella.loop.counting import count_study, count_week, task_counts_of
from lamella.loop.models import Figures
from lamella.rounds.models import Task
from lamella.studies.models import Study, StudyState

LARGE = 4000
"""Tasks up to which a study is counted while a page waits."""
EVERY = timedelta(seconds=20)
"""Between two countings at least."""
SHARE = 0.05
"""Of one processor's time that countings take at most."""
STILL = timedelta(minutes=30)
"""Between two countings of a study that is paused or finished."""

_WEEK = "week"


def kept_of(study: Study) -> dict[str, Any] | None:
    """The figures of a large study, as `counting.count_study` found them; None of small ones."""
    return _value(f"study:{study.pk}")


def figures_of(study: Study, *names: str) -> dict[str, Figures]:
    """{name: what is kept of a study under it}: "study", as `kept_of`, and what jobs found out.
    One query."""
    keys = {f"{name}:{study.pk}": name for name in names}
    return {keys[row.key]: row for row in Figures.objects.filter(key__in=keys)}


def kept_cubes(cubes: Collection[int]) -> dict[int, dict[str, Any]]:
    """{cube: what `counting.along_from` reads} of cubes of large studies. One query."""
    keys = {f"cube:{cube}": cube for cube in cubes}
    rows = Figures.objects.filter(key__in=keys).values_list("key", "value")
    return {keys[key]: value for key, value in rows}


def tasks_of(studies: Collection[int]) -> dict[int, dict[str, Any]]:
    """{study: `counting.task_counts`} of several at once. Two queries."""
    keys = {f"study:{study}": study for study in studies}
    kept = Figures.objects.filter(key__in=keys).values_list("key", "value__tasks")
    found = {keys[key]: tasks for key, tasks in kept}
    return {**task_counts_of([study for study in studies if study not in found]), **found}


def kept_week() -> dict[str, Any] | None:
    """What was done in the public studies this week, where that is much; else None."""
    return _value(_WEEK)


def _value(key: str) -> dict[str, Any] | None:
    return Figures.objects.filter(key=key).values_list("value", flat=True).first()


def is_large(study: Study) -> bool:
    """One query, which reads so many entries of an index at most."""
    return Task.objects.filter(study=study).values("pk").order_by()[LARGE : LARGE + 1].exists()


def freshen(now: datetime | None = None) -> bool:
    """Count what has been due for longest: one study, or the week. False if nothing was.

    One at a time, so that the scheduler has its hands free again soon.
    """
    now = now or timezone.now()
    kept = dict(Figures.objects.exclude(key__startswith="cube:").values_list("key", "counted"))
    took = dict(Figures.objects.exclude(key__startswith="cube:").values_list("key", "seconds"))
    studies = list(Study.objects.exclude(state=StudyState.DRAFT))
    large = [s for s in studies if f"study:{s.pk}" in kept or is_large(s)]
    due: list[tuple[datetime, Study | None]] = []
    for study in large:
        key, open_ = f"study:{study.pk}", study.state == StudyState.OPEN
        if key not in kept:
            due.append((datetime.min.replace(tzinfo=now.tzinfo), study))
        elif now - kept[key] >= max(_pause(took[key]), timedelta() if open_ else STILL):
            due.append((kept[key], study))
    if large and (_WEEK not in kept or now - kept[_WEEK] >= _pause(took[_WEEK])):
        due.append((kept.get(_WEEK, datetime.min.replace(tzinfo=now.tzinfo)), None))
    if not due:
        return False
    _keep(min(due, key=lambda pair: pair[0])[1], now)
    return True


def _pause(took: float) -> timedelta:
    return max(EVERY, timedelta(seconds=took / SHARE))


def _keep(study: Study | None, now: datetime) -> None:
    began = time.monotonic()
    found = {_WEEK: count_week()} if study is None else count_study(study)
    seconds = time.monotonic() - began
    Figures.objects.bulk_create(
        [
            Figures(key=key, study=study, value=value, counted=now, seconds=seconds)
            for key, value in found.items()
        ],
        update_conflicts=True,
        unique_fields=["key"],
        update_fields=["value", "counted", "seconds"],
    )
