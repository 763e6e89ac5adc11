"""A study at one glance: quality, effort, what waits, and where along z it stands.

`of_study` needs a fixed number of queries, however many cubes and tasks there are.
"""

import math
from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import (
    Case,
    Count,
    F,
    JSONField,
    Max,
    Q,
    Subquery,
    Sum,
    When,
)
from django.utils import timezone

from lamella.consensus.selectors import review_counts
from lamella.cubes.models import Cube, Labels, LabelsRole, VolumeState
from lamella.jobs.models import Job, JobState
from lamella.loop.effort import Effort, effort_of
from lamella.loop.forecasting import sentence
from lamella.loop.strip import Strip, strip_of
from lamella.rounds.models import Certificate, Round, Task
from lamella.studies.models import Study

STRIPS = 6
"""Cubes whose strip along z is drawn; the others are in the table of cubes."""

SETTLED = Q(state__in=[Task.State.RETIRED, Task.State.ACCEPTED])


@dataclass(frozen=True)
class CubeState:
    cube: Cube
    certificate: Certificate | None
    shown: int
    """Slices that people have seen, or will see, as tasks, and those that came labelled."""
    strip: Strip | None


@dataclass(frozen=True)
class RoundState:
    round: Round
    tasks: int
    """Those it waits for: without the tiles of the blind audit."""
    agreed: int
    to_draw: int
    """Tiles of its blind audit that nobody has drawn yet."""
    selection: dict[str, Any]
    """What it was chosen from; of the newest round alone, for it may be large."""


@dataclass(frozen=True)
class Overview:
    cubes: list[CubeState]
    rounds: list[RoundState]
    slices: int
    shown: int
    effort: Effort
    people_today: int
    waiting: int
    contested: int
    doubted: int
    remarked: int
    failed_jobs: int

    @property
    def forecast(self) -> str:
        """How much more work the target takes, in words; empty before a round told."""
        told = (sentence(state.round.figures) for state in reversed(self.rounds))
        return next((text for text in told if text), "")

    @property
    def worst(self) -> Certificate | None:
        """The certificate with the lowest quality: a study is as good as its worst cube."""
        known = [c.certificate for c in self.cubes if c.certificate and not c.certificate.vague]
        return min(known, key=lambda c: c.dice or 0.0, default=None)

    @property
    def first_idea(self) -> Certificate | None:
        """Of the worst cube, while nothing was drawn blind: what its corrections let hope for."""
        told = [c.certificate for c in self.cubes if c.certificate and c.certificate.flattered]
        return min(told, key=lambda c: c.dice or 0.0, default=None)

    @property
    def shown_share(self) -> float:
        return self.shown / self.slices if self.slices else 0.0

    @property
    def to_draw(self) -> int:
        """Tiles of the blind audit that wait for somebody whom the study trusts."""
        return sum(state.to_draw for state in self.rounds)

    @property
    def open_round(self) -> RoundState | None:
        last = self.rounds[-1] if self.rounds else None
        return last if last and last.round.state == Round.State.OPEN else None


def of_study(study: Study) -> Overview:
    cubes = list(study.cubes.all())
    rounds = _rounds(study)
    places, blind = places_of(study)
    labelled = labelled_slices(study)
    certificates = _newest_certificates(study)
    selection = rounds[-1].selection if rounds else {}
    states = [
        CubeState(
            cube=cube,
            certificate=certificates.get(cube.pk),
            shown=shown_of(cube, places[cube.pk], labelled[cube.pk], blind[cube.pk]),
            strip=strip_of(cube, places[cube.pk], selection, labelled[cube.pk])
            if index < STRIPS and cube.state == VolumeState.READY
            else None,
        )
        for index, cube in enumerate(cubes)
    ]
    slices = sum(cube.depth for cube in cubes if cube.state == VolumeState.READY)
    effort, people = effort_of(study, cubes)
    counts = review_counts(study)
    return Overview(
        cubes=states,
        rounds=rounds,
        slices=slices,
        shown=sum(state.shown for state in states),
        effort=effort,
        people_today=people,
        waiting=counts["waiting"],
        contested=counts["contested"],
        doubted=counts["doubted"],
        remarked=counts["remarked"],
        failed_jobs=failed_jobs(study).count(),
    )


def failed_jobs(study: Study) -> Any:
    """Jobs that failed in the last week and were not done again since."""
    since = timezone.now() - timedelta(days=7)
    return Job.objects.filter(scope=study.slug, state=JobState.FAILED, finished__gte=since)


def _rounds(study: Study) -> list[RoundState]:
    newest = study.rounds.order_by("-number").values("number")[:1]
    own = Q(tasks__extra=False, tasks__blind=False)
    rounds = (
        study.rounds.defer("selection")
        .annotate(
            record=Case(When(number=Subquery(newest), then="selection"), output_field=JSONField()),
            task_count=Count("tasks", filter=own),
            agreed_count=Count(
                "tasks",
                filter=own & Q(tasks__state__in=[Task.State.RETIRED, Task.State.ACCEPTED]),
            ),
            to_draw_count=Count("tasks", filter=Q(tasks__blind=True, tasks__state=Task.State.OPEN)),
        )
        .order_by("number")
    )
    return [
        RoundState(r, r.task_count, r.agreed_count, r.to_draw_count, r.record or {}) for r in rounds
    ]


def places_of(study: Study) -> tuple[dict[int, dict[int, dict[str, Any]]], dict[int, int]]:
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
            score=Max("score"),
            blind_pixels=Sum(F("height") * F("width"), filter=Q(blind=True)),
        )
        .order_by("cube_id", "z")
    )
    places: dict[int, dict[int, dict[str, Any]]] = defaultdict(dict)
    blind: dict[int, int] = defaultdict(int)
    for row in rows:
        if row["tasks"]:
            places[row["cube_id"]][row["z"]] = dict(row)
        blind[row["cube_id"]] += row["blind_pixels"] or 0
    return places, blind


def shown_of(
    cube: Cube, places: dict[int, dict[str, Any]], labelled: set[int], blind_pixels: int
) -> int:
    """Slices that people have seen, or will see: whole ones, and blind tiles by their area."""
    if not cube.shape:
        return 0
    pixels = int(cube.shape[1]) * int(cube.shape[2])
    return len(labelled | places.keys()) + math.ceil(blind_pixels / pixels)


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


def _newest_certificates(study: Study) -> dict[int, Certificate]:
    newest = (
        Certificate.objects.filter(cube__study=study)
        .values("cube")
        .annotate(newest=Max("pk"))
        .values("newest")
    )
    return {c.cube_id: c for c in Certificate.objects.filter(pk__in=newest).select_related("round")}


def newest_selection(study: Study) -> dict[str, Any]:
    """What the newest round was chosen from; empty before the first."""
    found = study.rounds.order_by("-number").values_list("selection", flat=True).first()
    return found or {}
