"""What there is in a study, counted; as JSON, for large studies keep it (loop/kept.py)."""

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import timedelta
from typing import Any

from django.db.models import Count, F, Max, Q, Sum
from django.utils import timezone

from lamella.annotation.credits import credits_of
from lamella.annotation.models import Correction
from lamella.consensus.models import CONTESTED_BELOW, Consensus
from lamella.consensus.selectors import remarks
from lamella.cubes.models import Cube, Labels, LabelsRole, VolumeState
from lamella.loop.effort import totals_of
from lamella.rounds.models import Task
from lamella.studies.models import Study

SETTLED = Q(state__in=[Task.State.RETIRED, Task.State.ACCEPTED])

Places = dict[int, dict[str, Any]]
"""{z: counts of its tasks}"""


NO_STATES = {"all": 0, "agreed": 0, "open": 0, "accepted": 0, "last": None}
_STATES = {
    "all": Count("pk"),
    "agreed": Count("pk", filter=SETTLED),
    "open": Count("pk", filter=Q(state=Task.State.OPEN)),
    "accepted": Count("pk", filter=Q(state=Task.State.ACCEPTED)),
    "last": Max("retired"),
}


def count_study(study: Study) -> dict[str, dict[str, Any]]:
    """{key: figures}: the study's, and those of each of its cubes."""
    places, blind = places_of(study)
    thanked = credits_of(study)
    cubes = list(study.cubes.all())
    rounds, expected = round_counts(study), expected_in(study)
    found: dict[str, dict[str, Any]] = {
        f"cube:{cube.pk}": {
            "places": [[row[name] for name in PLACE] for row in places[cube.pk].values()],
            "expected": expected.get(str(cube.pk), []),
        }
        for cube in cubes
    }
    shown = shown_in(cubes, places, blind, labelled_slices(study))
    found[f"study:{study.pk}"] = {
        "tasks": summed(rounds.values()),
        "rounds": {str(pk): counts for pk, counts in rounds.items()},
        "review": review_counts(study),
        "shown": {str(cube): slices for cube, slices in shown.items()},
        "totals": totals_of(study),
        "resting": rests_on(study),
        "credits": {"names": thanked.names, "others": thanked.others},
    }
    return found


PLACE = ("z", "tasks", "open", "accepted", "audit")


def along_from(kept: Mapping[str, Any] | None) -> tuple[Places, list[float]]:
    """(places, expected) of a cube, from its figures; of one that came since, nothing."""
    if kept is None:
        return {}, []
    return {row[0]: dict(zip(PLACE, row, strict=True)) for row in kept["places"]}, kept["expected"]


def expected_in(study: Study) -> dict[str, list[float]]:
    """{cube: voxels that the newest round was chosen by, slice by slice}. One query."""
    found = study.rounds.order_by("-number").values_list("selection__expected_voxels", flat=True)
    return dict(found.first() or {})


def rests_on(study: Study) -> dict[int, dict[int, int]]:
    """{number of a version: {cube: agreed tasks, in no doubt, drawn over its proposals}}. One
    query."""
    rows = (
        Consensus.objects.filter(current=True, needs_review=False, task__study=study)
        .exclude(task__proposal=None)
        .values_list("task__proposal__model_version__number", "task__cube")
        .annotate(tasks=Count("pk"))
        .order_by()
    )
    found: dict[int, dict[int, int]] = defaultdict(dict)
    for number, cube, tasks in rows:
        found[number][cube] = tasks
    return dict(found)


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
            counts: Mapping[str, Any] = row
            places[row["cube_id"]][row["z"]] = {name: counts[name] for name in PLACE}
        blind[row["cube_id"]] += row["blind_pixels"] or 0
    return places, blind


def labelled_slices(study: Study) -> dict[int, set[int]]:
    """{cube: slices that came with training labels}; people drew them, so they count as shown."""
    found: dict[int, set[int]] = defaultdict(set)
    rows = Labels.objects.filter(
        cube__study=study, role=LabelsRole.TRAINING, state=VolumeState.READY
    ).select_related("cube")
    for labels in rows:
        every = range(labels.cube.depth) if labels.slices is None else labels.slices
        found[labels.cube_id].update(every)
    return found


def _shown_of(cube: Cube, places: Places, labelled: set[int], blind_pixels: int) -> int:
    """Slices that people have seen, or will see: whole ones, and blind tiles by their area."""
    if not cube.shape:
        return 0
    pixels = int(cube.shape[1]) * int(cube.shape[2])
    return len(labelled | places.keys()) + math.ceil(blind_pixels / pixels)


def shown_in(
    cubes: Iterable[Cube],
    places: Mapping[int, Places],
    blind: Mapping[int, int],
    labelled: Mapping[int, set[int]],
) -> dict[int, int]:
    """{cube: slices that people have seen, or will see}"""
    return {
        cube.pk: _shown_of(
            cube, places.get(cube.pk, {}), labelled.get(cube.pk, set()), blind.get(cube.pk, 0)
        )
        for cube in cubes
    }


def round_counts(study: Study) -> dict[int, dict[str, Any]]:
    """{round: {"tasks", "agreed": those it waits for, "to_draw": blind tiles left, and all of
    `task_counts_of`}}. One query."""
    own = Q(extra=False, blind=False)
    rows = (
        study.tasks.filter(round__isnull=False)
        .values("round_id")
        .annotate(
            tasks=Count("pk", filter=own),
            done=Count("pk", filter=own & SETTLED),
            to_draw=Count("pk", filter=Q(blind=True, state=Task.State.OPEN)),
            **_STATES,
        )
        .order_by()
    )
    return {
        row["round_id"]: {
            "tasks": row["tasks"],
            "agreed": row["done"],
            "to_draw": row["to_draw"],
            "states": _states_of(row),
        }
        for row in rows
    }


def summed(rounds: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """`task_counts_of` of a study, from those of its rounds: none but gold belongs to no round."""
    states = [counts["states"] for counts in rounds]
    found = {name: sum(one[name] for one in states) for name in NO_STATES if name != "last"}
    return {**found, "last": max((one["last"] for one in states if one["last"]), default=None)}


def review_counts(study: Study) -> dict[str, int]:
    """{"waiting", "contested", "doubted", "remarked"} of the review queue, exactly. One query."""
    waiting = Q(task__state=Task.State.RETIRED) | Q(needs_review=True)
    said = Q(needs_review=False, task__in=remarks().values("task"))
    return (
        Consensus.objects.filter(waiting, task__study=study, current=True)
        .exclude(task__kind=Task.Kind.GOLD)
        .aggregate(
            waiting=Count("pk"),
            contested=Count("pk", filter=Q(agreement__lt=CONTESTED_BELOW, needs_review=False)),
            doubted=Count("pk", filter=Q(needs_review=True)),
            remarked=Count("pk", filter=said),
        )
    )


def task_counts_of(studies: Collection[int]) -> dict[int, dict[str, Any]]:
    """{study: {"all", "agreed", "open", "accepted", "last"}}: gold is left out, and last is the
    newest retirement. One query."""
    rows = (
        Task.objects.filter(study__in=studies)
        .exclude(kind=Task.Kind.GOLD)
        .values("study_id")
        .annotate(**_STATES)
        .order_by()
    )
    return {
        **dict.fromkeys(studies, NO_STATES),
        **{row["study_id"]: _states_of(row) for row in rows},
    }


def _states_of(row: Mapping[str, Any]) -> dict[str, Any]:
    last = row["last"]
    return {**{name: row[name] for name in NO_STATES}, "last": last.isoformat() if last else None}


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
