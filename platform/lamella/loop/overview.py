"""A study at one glance: quality, effort, what waits, and where along z it stands.

`of_study` needs a fixed number of queries, however many cubes and tasks there are.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import (
    Avg,
    Case,
    Count,
    JSONField,
    Max,
    Q,
    StdDev,
    Subquery,
    Sum,
    When,
)
from django.utils import timezone

from lamella.annotation.models import Correction
from lamella.consensus.selectors import review_counts
from lamella.cubes.models import Cube, Labels, LabelsRole, VolumeState
from lamella.jobs.models import Job, JobState
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
    agreed: int
    selection: dict[str, Any]
    """What it was chosen from; of the newest round alone, for it may be large."""


@dataclass(frozen=True)
class Effort:
    """Human seconds against drawing every slice from nothing once."""

    seconds: float
    saved: float | None
    low: float | None
    high: float | None
    measured_on: int
    """Masks drawn from nothing that the comparison rests on."""


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
    failed_jobs: int

    @property
    def worst(self) -> Certificate | None:
        """The certificate with the lowest quality: a study is as good as its worst cube."""
        known = [c.certificate for c in self.cubes if c.certificate and not c.certificate.vague]
        return min(known, key=lambda c: c.dice or 0.0, default=None)

    @property
    def shown_share(self) -> float:
        return self.shown / self.slices if self.slices else 0.0

    @property
    def open_round(self) -> RoundState | None:
        last = self.rounds[-1] if self.rounds else None
        return last if last and last.round.state == Round.State.OPEN else None


def of_study(study: Study) -> Overview:
    cubes = list(study.cubes.all())
    rounds = _rounds(study)
    places = places_of(study)
    labelled = labelled_slices(study)
    certificates = _newest_certificates(study)
    selection = rounds[-1].selection if rounds else {}
    states = [
        CubeState(
            cube=cube,
            certificate=certificates.get(cube.pk),
            shown=len(labelled[cube.pk] | places[cube.pk].keys()),
            strip=strip_of(cube, places[cube.pk], selection, labelled[cube.pk])
            if index < STRIPS and cube.state == VolumeState.READY
            else None,
        )
        for index, cube in enumerate(cubes)
    ]
    slices = sum(cube.depth for cube in cubes if cube.state == VolumeState.READY)
    effort, people = _effort(study, slices)
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
        failed_jobs=failed_jobs(study).count(),
    )


def failed_jobs(study: Study) -> Any:
    """Jobs that failed in the last week and were not done again since."""
    since = timezone.now() - timedelta(days=7)
    return Job.objects.filter(scope=study.slug, state=JobState.FAILED, finished__gte=since)


def _rounds(study: Study) -> list[RoundState]:
    newest = study.rounds.order_by("-number").values("number")[:1]
    rounds = (
        study.rounds.defer("selection")
        .annotate(
            record=Case(When(number=Subquery(newest), then="selection"), output_field=JSONField()),
            task_count=Count("tasks", filter=Q(tasks__extra=False)),
            agreed_count=Count(
                "tasks",
                filter=Q(
                    tasks__extra=False,
                    tasks__state__in=[Task.State.RETIRED, Task.State.ACCEPTED],
                ),
            ),
        )
        .order_by("number")
    )
    return [RoundState(r, r.task_count, r.agreed_count, r.record or {}) for r in rounds]


def places_of(study: Study) -> dict[int, dict[int, dict[str, Any]]]:
    """{cube: {z: counts of its tasks}}, gold tasks left out."""
    rows = (
        study.tasks.exclude(kind=Task.Kind.GOLD)
        .values("cube_id", "z")
        .annotate(
            open=Count("pk", filter=Q(state__in=[Task.State.OPEN, Task.State.SENT_BACK])),
            accepted=Count("pk", filter=Q(state=Task.State.ACCEPTED)),
            audit=Count("pk", filter=Q(kind=Task.Kind.AUDIT)),
            score=Max("score"),
        )
        .order_by("cube_id", "z")
    )
    places: dict[int, dict[int, dict[str, Any]]] = defaultdict(dict)
    for row in rows:
        places[row["cube_id"]][row["z"]] = dict(row)
    return places


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


def _effort(study: Study, slices: int) -> tuple[Effort, int]:
    """(effort, people of the last 24 hours). One query.

    The interval is that of the mean seconds of a mask drawn from nothing (normal, 95 %).
    """
    blind = Q(task__proposal__isnull=True, task__kind=Task.Kind.AUDIT)
    made = Correction.objects.filter(
        task__study=study, supersedes__isnull=True, withdrawn__isnull=True
    ).aggregate(
        seconds=Sum("active_seconds"),
        blind=Count("pk", filter=blind),
        mean=Avg("active_seconds", filter=blind),
        spread=StdDev("active_seconds", filter=blind, sample=True),
        people=Count(
            "volunteer",
            distinct=True,
            filter=Q(created__gte=timezone.now() - timedelta(days=1)),
        ),
    )
    spent = float(made["seconds"] or 0.0)
    saved = low = high = None
    if made["blind"] >= 3 and made["mean"] and slices:
        error = 1.96 * float(made["spread"] or 0.0) / float(made["blind"]) ** 0.5
        mean = float(made["mean"])
        saved = 1 - spent / (mean * slices)
        low = 1 - spent / (max(mean - error, 1e-9) * slices)
        high = 1 - spent / ((mean + error) * slices)
    return (
        Effort(seconds=spent, saved=saved, low=low, high=high, measured_on=made["blind"]),
        made["people"],
    )
