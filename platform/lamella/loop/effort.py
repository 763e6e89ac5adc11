"""Human seconds spent, against drawing every slice from nothing once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Count, ExpressionWrapper, F, FloatField, Q, Sum
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Coalesce
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


def totals_of(study: Study) -> dict[str, Any]:
    """Sums over a study's corrections, as JSON: what `effort_from` needs. One query."""
    blind = Q(task__proposal__isnull=True, task__kind=Task.Kind.AUDIT, quarantine__isnull=True)
    weight = 1.0 / Coalesce(F("task__inclusion"), 1.0)
    # In floating point: a sum of squared areas is too large for a database's integers.
    area = Cast(F("task__height") * F("task__width"), FloatField())
    seconds = F("active_seconds")

    def total(what: Combinable) -> Sum:
        return Sum(ExpressionWrapper(what, output_field=FloatField()), filter=blind)

    return dict(
        Correction.objects.filter(
            task__study=study, supersedes__isnull=True, withdrawn__isnull=True
        ).aggregate(
            seconds=Sum("active_seconds"),
            people=Count(
                "volunteer",
                distinct=True,
                filter=Q(created__gte=timezone.now() - timedelta(days=1)),
            ),
            blind=Count("pk", filter=blind),
            s=total(weight * seconds),
            a=total(weight * area),
            ss=total(weight * weight * seconds * seconds),
            sa=total(weight * weight * seconds * area),
            aa=total(weight * weight * area * area),
        )
    )


def effort_from(made: Mapping[str, Any], cubes: Iterable[Cube]) -> Effort:
    """The effort that totals tell of.

    What drawing everything takes is estimated from the blind audit: seconds a pixel, each tile
    standing for 1 / its chance of being drawn, times the pixels of all slices; once, by one person.
    The interval is that of this estimate (normal, 95 %).
    """
    spent = float(made["seconds"] or 0.0)
    pixels = sum(
        c.shape[0] * c.shape[1] * c.shape[2] for c in cubes if c.state == VolumeState.READY
    )
    saved = low = high = None
    if made["blind"] >= FEWEST and pixels and made["s"] and made["a"]:
        pace = made["s"] / made["a"]
        square = made["ss"] - 2 * pace * made["sa"] + pace**2 * made["aa"]
        error = 1.96 * max(square, 0.0) ** 0.5 / made["a"]
        saved = 1 - spent / (pace * pixels)
        low = 1 - spent / (max(pace - error, 1e-12) * pixels)
        high = 1 - spent / ((pace + error) * pixels)
    return Effort(spent, saved, low, high, made["blind"])
