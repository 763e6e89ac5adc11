"""What became of a cube while somebody worked on it. No more is said: others worked on it too."""

from dataclasses import dataclass

from django.db.models import Count, Min

from lamella.accounts.models import Volunteer
from lamella.annotation.models import Correction
from lamella.cubes.models import Cube
from lamella.rounds.models import Certificate
from lamella.studies.models import Study


@dataclass(frozen=True)
class Impact:
    """slices: of the cube that they handed in most of; before, after: its Dice when they began,
    and now, None where nothing comparable was measured."""

    cube: str
    slices: int
    before: float | None
    after: float | None


def impact_of(study: Study, volunteer: Volunteer | None) -> Impact | None:
    """None for somebody who handed nothing in. Three queries."""
    if volunteer is None:
        return None
    most = (
        Correction.objects.filter(
            volunteer=volunteer,
            task__study=study,
            assignment__practice=False,
            supersedes__isnull=True,
            withdrawn__isnull=True,
        )
        .values("task__cube")
        .annotate(slices=Count("task", distinct=True), began=Min("created"))
        .order_by("-slices", "task__cube")
        .first()
    )
    if most is None:
        return None
    cube = Cube.objects.only("name").get(pk=most["task__cube"])
    told = Certificate.objects.filter(cube=cube, dice__isnull=False).order_by("created")
    certificates = list(told.only("dice", "low", "high", "blind", "created"))
    # What was corrected over proposals flatters: only like is held against like.
    certified = [c for c in certificates if c.blind and not c.vague]
    first_ideas = [c for c in certificates if c.flattered]
    for alike in (certified, first_ideas):
        earlier = [c for c in alike if c.created <= most["began"]]
        if earlier and alike[-1] is not earlier[-1]:
            return Impact(cube.name, most["slices"], earlier[-1].dice, alike[-1].dice)
    return Impact(cube.name, most["slices"], None, None)
