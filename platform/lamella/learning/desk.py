"""What the training desk shows: runs with their curves, and versions as a line of descent."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models.fields.json import KeyTransform
from django.utils import timezone
from django.utils.translation import gettext as _

from lamella.learning.models import ModelVersion, TrainingRun
from lamella.learning.origins import Origin, origin_of, origin_seen
from lamella.learning.selectors import is_earlier
from lamella.studies.access import Person, visible_studies
from lamella.studies.models import Study

RUNS_SHOWN = 30

Line = list[tuple[float, float]]


@dataclass(frozen=True)
class RunRow:
    """A run as a row. ``left`` is an estimate in seconds, from progress so far."""

    run: TrainingRun
    progress: float
    message: str
    stopping: bool
    seconds: float | None
    left: float | None
    version: ModelVersion | None
    dice: float | None
    slices: int
    origin: Origin | None
    """The version of whatever study that it began from, if it was told to."""

    @property
    def note(self) -> str:
        """What sets it apart from an ordinary run; empty for such."""
        if self.run.kind == TrainingRun.Kind.PRETRAIN:
            return self.run.get_kind_display()
        return _("from %(origin)s") % {"origin": self.origin} if self.origin else ""

    @property
    def live(self) -> bool:
        return _is_live(self.run)

    @property
    def resumable(self) -> bool:
        """Whether it may go on from its last checkpoint."""
        ended = (TrainingRun.State.CANCELLED, TrainingRun.State.FAILED)
        return self.run.state in ended and self.run.job_id is not None

    @property
    def state_word(self) -> str:
        return _("stopping") if self.stopping else self.run.get_state_display()

    def line(self, name: str) -> Line:
        """(step, value) of one curve, without the steps that lack it."""
        return [
            (float(point["step"]), float(point[name]))
            for point in self.run.curves
            if point.get(name) is not None
        ]

    @property
    def losses(self) -> list[tuple[str, Line]]:
        """The segmenter's losses, those that ran."""
        return [(name, line) for name in LOSSES if (line := self.line(name))]

    @property
    def validation(self) -> Line:
        return self.line("validation_dice")

    @property
    def validation_lines(self) -> list[tuple[str, Line]]:
        return [("validation_dice", self.validation)] if self.validation else []

    @property
    def config_text(self) -> str:
        return json.dumps(self.run.config, indent=2, sort_keys=True)

    @property
    def critic(self) -> list[tuple[str, Line]]:
        """What the discriminator gives to labels and to proposals, 0 to 1."""
        return [(name, line) for name in SCORES if (line := self.line(name))]

    @property
    def saturated(self) -> bool:
        """Whether the discriminator is so far ahead that its scores no longer rank."""
        return bool(self.run.curves and self.run.curves[-1].get("saturated"))

    @property
    def pictures(self) -> list[list[dict[str, Any]]]:
        """Pictures of each known slice shown, in the order of steps: the first, the last and, of
        many, some between."""
        rows: dict[int, list[dict[str, Any]]] = {}
        for sample in self.run.samples:
            rows.setdefault(sample["number"], []).append(sample)
        return [_spread(row, PICTURES) for _, row in sorted(rows.items())]

    @property
    def table(self) -> list[dict[str, Any]]:
        """At most thirty points, evenly, for the table beside the curves."""
        curves = self.run.curves
        stride = max(1, -(-len(curves) // 30))
        return list(curves[::stride])


@dataclass(frozen=True)
class Runs:
    """Rows without curves, and the one that the page tells all of; None where there is no run."""

    rows: list[RunRow]
    open: RunRow | None


PICTURES = 5
"""Of one slice, side by side."""


def _spread(row: list[dict[str, Any]], most: int) -> list[dict[str, Any]]:
    if len(row) <= most:
        return row
    return [row[round(n * (len(row) - 1) / (most - 1))] for n in range(most)]


LOSSES = ("cross_entropy", "dice", "adversarial")
SCORES = ("real_score", "fake_score")


LARGE = ("snapshot", "curves", "config", "samples")
"""Of a run; lists of runs leave it where it is."""


def runs_of(study: Study, viewer: Person, chosen: int | None = None) -> Runs:
    """The newest runs first; the open one is the one chosen, else the one at work, else the newest.

    Two queries.
    """
    runs = study.training_runs.defer(*LARGE).annotate(
        told_slices=KeyTransform("slices", "snapshot"),
        told_origin=KeyTransform("origin", "snapshot"),
        origin_seen=origin_seen(viewer),
    )
    related = ("job", "model_version", "parent", "origin__study")
    shown = list(runs.select_related(*related).order_by("-pk")[:RUNS_SHOWN])
    opened = next((run for run in shown if run.pk == chosen), None)
    opened = opened or next((run for run in shown if _is_live(run)), shown[0] if shown else None)
    # What became a version says there how good it is; the others by their curves, as the open one.
    read = {run.pk for run in shown if getattr(run, "model_version", None) is None or run is opened}
    drawn = TrainingRun.objects.only("curves", "config", "samples").in_bulk(read) if read else {}
    if opened is not None:
        for name in ("curves", "config", "samples"):
            setattr(opened, name, getattr(drawn[opened.pk], name))
    rows = []
    for run in shown:
        origin = origin_of(run, had=bool(run.told_origin), seen=run.origin_seen)
        curves = drawn[run.pk].curves if run.pk in drawn else []
        rows.append(_row(run, origin, curves, run.told_slices))
    return Runs(rows, next((row for row in rows if row.run is opened), None))


def row_of(run: TrainingRun, viewer: Person) -> RunRow:
    """One run as a row; it comes whole. At most one query."""
    other = run.origin.study_id if run.origin else run.study_id
    seen = other == run.study_id or visible_studies(viewer).filter(pk=other).exists()
    origin = origin_of(run, had=bool(run.snapshot.get("origin")), seen=seen)
    return _row(run, origin, run.curves, run.snapshot.get("slices"))


def _is_live(run: TrainingRun) -> bool:
    return run.state in (TrainingRun.State.WAITING, TrainingRun.State.RUNNING)


def _row(
    run: TrainingRun,
    origin: Origin | None,
    curves: Sequence[Mapping[str, Any]],
    slices: int | None,
) -> RunRow:
    job = run.job
    version = getattr(run, "model_version", None)
    running = run.state == TrainingRun.State.RUNNING and run.started is not None
    end = run.finished or (timezone.now() if running else None)
    seconds = (end - run.started).total_seconds() if run.started and end else None
    progress = job.progress if job is not None else 0.0
    left = None
    if running and seconds is not None and progress > 0.02:
        left = seconds * (1 - progress) / progress
    dice = [p["validation_dice"] for p in curves if p.get("validation_dice") is not None]
    if version is not None and version.metrics.get("validation_dice") is not None:
        dice = [version.metrics["validation_dice"]]
    return RunRow(
        run=run,
        progress=1.0 if run.state == TrainingRun.State.DONE else progress,
        message=job.message if job is not None and running else "",
        stopping=bool(job and job.stopping),
        seconds=seconds,
        left=left,
        version=version,
        dice=max(dice, default=None),
        slices=slices or 0,
        origin=origin,
    )


@dataclass(frozen=True)
class VersionRow:
    version: ModelVersion
    parent: int | None
    """Number of the version whose weights it started from."""
    origin: Origin | None
    """The version of whatever study that its run was told to begin from."""
    earlier: bool
    """Older than the serving one: to serve it again is a rollback."""

    @property
    def promotable(self) -> bool:
        never = (ModelVersion.State.SERVING, ModelVersion.State.ORIGIN)
        return self.version.state not in never and not self.earlier

    @property
    def came(self) -> str:
        """Where its weights began, in words; empty where none were learned from labels here."""
        if self.version.kind != ModelVersion.Kind.TRAINED:
            return ""
        if self.origin is not None:
            return _("from %(origin)s") % {"origin": self.origin}
        if self.parent is None:
            return _("from nothing")
        return _("from version %(number)s") % {"number": self.parent}


def versions_of(study: Study, viewer: Person) -> list[VersionRow]:
    """All versions, the newest first. One query."""
    versions = list(
        study.model_versions.select_related("training_run__parent", "training_run__origin__study")
        .defer(*(f"training_run__{name}" for name in LARGE))
        .annotate(
            told_origin=KeyTransform("origin", "training_run__snapshot"),
            origin_seen=origin_seen(viewer, "training_run__origin"),
        )
        .order_by("-number")
    )
    serving = serving_among(versions)
    return [
        VersionRow(
            version=version,
            parent=run.parent.number if run and run.parent else None,
            origin=origin_of(run, had=bool(version.told_origin), seen=version.origin_seen)
            if run
            else None,
            earlier=version.state != ModelVersion.State.ORIGIN and is_earlier(version, serving),
        )
        for version in versions
        for run in [version.training_run]
    ]


def serving_among(versions: Iterable[ModelVersion]) -> ModelVersion | None:
    """The one of a study's versions that serves."""
    return next((v for v in versions if v.state == ModelVersion.State.SERVING), None)
