"""What there is in a study, counted; as JSON, for large studies keep it (loop/kept.py)."""

from collections import defaultdict
from datetime import timedelta
from typing import Any

from django.db.models import Count, F, Max, Q, Sum
from django.utils import timezone

from lamella.annotation.credits import credits_of
from lamella.annotation.models import Correction
from lamella.consensus.selectors import review_counts
from lamella.loop.effort import totals_of
from lamella.rounds.models import Task
from lamella.studies.models import Study

SETTLED = Q(state__in=[Task.State.RETIRED, Task.State.ACCEPTED])

Places = dict[int, dict[str, Any]]
"""{z: counts of its tasks}"""


def count_study(study: Study) -> dict[str, dict[str, Any]]:
    """{key: figures}: the study's, and those of each of its cubes."""
    places, blind = places_of(study)
    thanked = credits_of(study)
    found: dict[str, dict[str, Any]] = {
        f"cube:{cube}": {
            "places": {str(z): [row[name] for name in PLACE] for z, row in places[cube].items()},
            "blind": blind[cube],
        }
        for cube in study.cubes.values_list("pk", flat=True)
    }
    found[f"study:{study.pk}"] = {
        "tasks": task_counts(study),
        "rounds": {str(pk): counts for pk, counts in round_counts(study).items()},
        "shown": {str(cube): sorted(at) for cube, at in places.items()},
        "blind": {str(cube): pixels for cube, pixels in blind.items()},
        "effort": totals_of(study),
        "review": review_counts(study),
        "credits": {"names": thanked.names, "others": thanked.others},
    }
    return found


PLACE = ("z", "tasks", "open", "accepted", "audit")


def places_from(kept: dict[str, Any]) -> Places:
    """What `places_of` said of a cube, from its figures."""
    return {int(z): dict(zip(PLACE, row, strict=True)) for z, row in kept["places"].items()}


def places_of(study: Study) -> tuple[dict[int, Places], dict[int, int]]:
    """({cube: places}, {cube: pixels of tiles to be drawn blind}). One query.

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
    places: dict[int, Places] = defaultdict(dict)
    blind: dict[int, int] = defaultdict(int)
    for row in rows:
        if row["tasks"]:
            places[row["cube_id"]][row["z"]] = {name: row[name] for name in PLACE}
        blind[row["cube_id"]] += row["blind_pixels"] or 0
    return places, blind


def round_counts(study: Study) -> dict[int, dict[str, int]]:
    """{round: {"tasks", "agreed": those it waits for, "to_draw": blind tiles left}}. One query."""
    own = Q(extra=False, blind=False)
    rows = (
        study.tasks.filter(round__isnull=False)
        .values("round_id")
        .annotate(
            tasks=Count("pk", filter=own),
            agreed=Count("pk", filter=own & SETTLED),
            to_draw=Count("pk", filter=Q(blind=True, state=Task.State.OPEN)),
        )
        .order_by()
    )
    return {
        row["round_id"]: {name: row[name] for name in ("tasks", "agreed", "to_draw")}
        for row in rows
    }


def task_counts(study: Study) -> dict[str, Any]:
    """{"all", "agreed", "open", "accepted", "last"}: gold left out; last: newest retirement."""
    found = study.tasks.exclude(kind=Task.Kind.GOLD).aggregate(
        all=Count("pk"),
        agreed=Count("pk", filter=SETTLED),
        open=Count("pk", filter=Q(state=Task.State.OPEN)),
        accepted=Count("pk", filter=Q(state=Task.State.ACCEPTED)),
        last=Max("retired"),
    )
    return {**found, "last": found["last"] and found["last"].isoformat()}


def count_week() -> dict[str, Any]:
    """{"corrections", "people", "seconds", "agreed"} of seven days in public studies."""
    since = timezone.now() - timedelta(days=7)
    made = Correction.objects.filter(
        created__gte=since,
        withdrawn__isnull=True,
        supersedes__isnull=True,
        task__study__public=True,
    ).aggregate(
        corrections=Count("id"),
        people=Count("volunteer", distinct=True),
        seconds=Sum("active_seconds"),
    )
    agreed = Task.objects.filter(study__public=True, retired__gte=since).exclude(
        kind=Task.Kind.GOLD
    )
    return {**made, "seconds": made["seconds"] or 0.0, "agreed": agreed.count()}
