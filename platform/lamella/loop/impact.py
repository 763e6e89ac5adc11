"""What became of a cube while somebody worked on it. No more is said: others worked on it too."""

from dataclasses import dataclass

from django.db.models import Count, Min, Q

from lamella.accounts.models import Volunteer
from lamella.annotation.models import Correction
from lamella.rounds.models import Certificate, Task
from lamella.studies.models import Study

LOOKED_AT = 500
"""Slices of one person."""


@dataclass(frozen=True)
class Impact:
    """slices: of the cube that they handed in most of; before, after: its Dice when they began,
    and now, None where nothing comparable was measured."""

    cube: str
    slices: int
    before: float | None
    after: float | None


def impact_of(study: Study, volunteer: Volunteer | None) -> Impact | None:
    """None for somebody who handed nothing in. Two queries.

    Of those who handed in very much, their newest LOOKED_AT slices tell.
    """
    if volunteer is None:
        return None
    newest = Correction.objects.filter(
        volunteer=volunteer, supersedes__isnull=True, withdrawn__isnull=True
    ).order_by("-created")[:LOOKED_AT]
    most = (
        # Practice is on gold tasks, and nothing else is.
        Task.objects.filter(corrections__in=newest.values("pk"), study=study)
        .exclude(kind=Task.Kind.GOLD)
        .values("cube", "cube__name")
        .annotate(
            slices=Count("pk", distinct=True),
            began=Min("corrections__created", filter=Q(corrections__volunteer=volunteer)),
        )
        .order_by("-slices", "cube")
        .first()
    )
    if most is None:
        return None
    told = Certificate.objects.filter(cube=most["cube"], dice__isnull=False).order_by("created")
    certificates = list(told.only("dice", "low", "high", "blind", "created"))
    # What was corrected over proposals flatters: only like is held against like.
    certified = [c for c in certificates if c.blind and not c.vague]
    first_ideas = [c for c in certificates if c.flattered]
    for alike in (certified, first_ideas):
        earlier = [c for c in alike if c.created <= most["began"]]
        if earlier and alike[-1] is not earlier[-1]:
            return Impact(most["cube__name"], most["slices"], earlier[-1].dice, alike[-1].dice)
    return Impact(most["cube__name"], most["slices"], None, None)
