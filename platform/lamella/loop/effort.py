"""Human seconds spent, against drawing every slice from nothing once."""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from django.db.models import Count, Q, Sum
from django.utils import timezone

from lamella.annotation.models import Correction
from lamella.cubes.models import Cube, VolumeState
from lamella.rounds.models import Task
from lamella.studies.models import Study

FEWEST = 3
"""Masks drawn from nothing that a comparison needs."""


@dataclass(frozen=True)
class Effort:
    """Human seconds against drawing every slice from nothing once."""

    seconds: float
    saved: float | None
    low: float | None
    high: float | None
    measured_on: int
    """Masks drawn from nothing that the comparison rests on."""


def effort_of(study: Study, cubes: list[Cube]) -> tuple[Effort, int]:
    """(effort, people of the last 24 hours). Two queries.

    What drawing everything takes is estimated from the blind audit: seconds a pixel, each tile
    standing for 1 / its chance of being drawn, times the pixels of all slices; once, by one person.
    The interval is that of this estimate (normal, 95 %).
    """
    counted = Correction.objects.filter(
        task__study=study, supersedes__isnull=True, withdrawn__isnull=True
    )
    made = counted.aggregate(
        seconds=Sum("active_seconds"),
        people=Count(
            "volunteer",
            distinct=True,
            filter=Q(created__gte=timezone.now() - timedelta(days=1)),
        ),
    )
    blind = list(
        counted.filter(task__proposal__isnull=True, task__kind=Task.Kind.AUDIT).values_list(
            "active_seconds", "task__height", "task__width", "task__inclusion"
        )
    )
    spent = float(made["seconds"] or 0.0)
    pixels = sum(
        c.shape[0] * c.shape[1] * c.shape[2] for c in cubes if c.state == VolumeState.READY
    )
    saved = low = high = None
    if len(blind) >= FEWEST and pixels:
        seconds = np.array([row[0] for row in blind], dtype=np.float64)
        area = np.array([row[1] * row[2] for row in blind], dtype=np.float64)
        weight = np.array([1 / row[3] if row[3] else 1.0 for row in blind])
        pace = float((weight * seconds).sum() / (weight * area).sum())
        if pace > 0:
            spread = weight * (seconds - pace * area)
            error = 1.96 * float(np.sqrt((spread**2).sum())) / float((weight * area).sum())
            saved = 1 - spent / (pace * pixels)
            low = 1 - spent / (max(pace - error, 1e-12) * pixels)
            high = 1 - spent / ((pace + error) * pixels)
    return Effort(spent, saved, low, high, len(blind)), made["people"]
