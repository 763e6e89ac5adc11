"""What pages count over all tasks and corrections of a study.

Of a study with up to SMALL tasks it is counted at each look. Of larger ones it is kept, and a job
counts again every few minutes: a page reads one row, however many tasks there are.
"""

from collections import defaultdict
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, F, Q, Sum
from django.utils import timezone

from lamella.jobs.services import enqueue
from lamella.loop.effort import Effort, effort_of
from lamella.loop.models import Counts as Kept
from lamella.rounds.models import Task
from lamella.studies.models import Study, StudyState

SMALL = 5000
"""Tasks up to which a study is counted at each look."""
FRESH = timedelta(minutes=5)

Places = dict[int, dict[int, dict[str, Any]]]


@dataclass(frozen=True)
class RoundCounts:
    tasks: int
    agreed: int
    to_draw: int


@dataclass(frozen=True)
class Counts:
    """``places``: {cube: {z: counts of its tasks}}; ``blind``: {cube: pixels of tiles to be drawn
    blind}; ``rounds``: {id: …}; ``made``: when, of kept ones; None where counted just now."""

    places: Places
    blind: dict[int, int]
    rounds: dict[int, RoundCounts]
    effort: Effort
    made: datetime | None = field(default=None)


def counts_of(study: Study) -> Counts:
    """Four queries for a small study, two for a large one."""
    if study.tasks.values("pk")[: SMALL + 1].count() <= SMALL:
        return _counted(study)
    kept = Kept.objects.filter(study=study).first()
    return refresh(study) if kept is None else _read(kept)


def refresh(study: Study) -> Counts:
    """Count, and keep it."""
    now = timezone.now()
    found = _counted(study)
    data = {
        "places": found.places,
        "blind": found.blind,
        "rounds": {pk: asdict(r) for pk, r in found.rounds.items()},
        "effort": asdict(found.effort),
    }
    kept, _ = Kept.objects.update_or_create(study=study, defaults={"data": data, "made": now})
    return Counts(found.places, found.blind, found.rounds, found.effort, kept.made)


def refresh_due() -> int:
    """A job for each large study under way whose counts are old; called every two seconds."""
    old = Kept.objects.filter(
        made__lt=timezone.now() - FRESH, study__state=StudyState.OPEN
    ).select_related("study")
    for kept in old:
        enqueue(
            "counts",
            params={"study_id": kept.study_id},
            scope=kept.study.slug,
            key=f"counts:{kept.study_id}",
        )
    return len(old)


def _read(kept: Kept) -> Counts:
    data = kept.data
    return Counts(
        places=defaultdict(
            dict,
            {
                int(cube): {int(z): row for z, row in places.items()}
                for cube, places in data["places"].items()
            },
        ),
        blind=defaultdict(int, {int(cube): n for cube, n in data["blind"].items()}),
        rounds={int(pk): RoundCounts(**row) for pk, row in data["rounds"].items()},
        effort=Effort(**data["effort"]),
        made=kept.made,
    )


def _counted(study: Study) -> Counts:
    places, blind = places_of(study)
    return Counts(places, blind, _rounds(study), effort_of(study, list(study.cubes.all())))


def _rounds(study: Study) -> dict[int, RoundCounts]:
    own = Q(extra=False, blind=False)
    rows = (
        study.tasks.exclude(round=None)
        .order_by()
        .values("round")
        .annotate(
            tasks=Count("pk", filter=own),
            agreed=Count("pk", filter=own & Q(state__in=[Task.State.RETIRED, Task.State.ACCEPTED])),
            to_draw=Count("pk", filter=Q(blind=True, state=Task.State.OPEN)),
        )
    )
    return {r["round"]: RoundCounts(r["tasks"], r["agreed"], r["to_draw"]) for r in rows}


def places_of(study: Study) -> tuple[Places, dict[int, int]]:
    """({cube: {z: counts of its tasks}}, {cube: pixels of tiles to be drawn blind}). One query.

    Gold tasks are left out; a blind tile does not make its slice one that was shown.
    """
    whole = Q(blind=False)
    rows = (
        study.tasks.exclude(kind=Task.Kind.GOLD)
        .values("cube_id", "z")
        .annotate(
            tasks=Count("pk", filter=whole),
            open=Count("pk", filter=whole & Q(state__in=[Task.State.OPEN, Task.State.SENT_BACK])),
            accepted=Count("pk", filter=whole & Q(state=Task.State.ACCEPTED)),
            audit=Count("pk", filter=whole & Q(kind=Task.Kind.AUDIT)),
            blind_pixels=Sum(F("height") * F("width"), filter=Q(blind=True)),
        )
        .order_by("cube_id", "z")
    )
    places: Places = defaultdict(dict)
    blind: dict[int, int] = defaultdict(int)
    for row in rows:
        if row["tasks"]:
            places[row["cube_id"]][row["z"]] = dict(row)
        blind[row["cube_id"]] += row["blind_pixels"] or 0
    return places, blind
