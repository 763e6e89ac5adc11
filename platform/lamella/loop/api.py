"""Training runs and model versions: start, cancel, promote, roll back."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Schema, Status

from lamella.learning import desk
from lamella.learning.models import ModelVersion, TrainingRun
from lamella.loop import services, serving
from lamella.studies.access import NotVisibleError, require, study_as
from lamella.studies.models import Role

router = Router(tags=["training"])


class RunOut(Schema):
    """``progress``: 0 to 1. ``seconds`` so far, ``seconds_left`` an estimate. ``slices``: how many
    labelled ones it learns from. ``parent`` and ``version``: numbers of the model version whose
    weights it started from, and of the one that it made. ``dice``: the best on slices that were
    held back, during the run."""

    id: int
    state: TrainingRun.State
    stopping: bool
    progress: float
    message: str
    error: str
    slices: int
    parent: int | None
    version: int | None
    dice: float | None
    seconds: float | None
    seconds_left: float | None
    created: datetime
    started: datetime | None
    finished: datetime | None
    job: UUID | None


class RunDetailOut(RunOut):
    """``data_hash`` names what it learned from, ``code_version`` by what. ``curves``: one entry a
    step that was written down, with its losses and scores."""

    config: dict[str, Any]
    data_hash: str
    code_version: str
    curves: list[dict[str, Any]]


class VersionOut(Schema):
    """``number`` counts within the study. ``run``: the training run that made it, or null where
    it stands for another tool's masks (``labels``). ``parent``: number of the version whose
    weights it started from. ``gate``: what it was judged by, and the decision. ``earlier``: older
    than the serving one, so that to serve it again is a rollback."""

    id: int
    number: int
    kind: ModelVersion.Kind
    state: ModelVersion.State
    parent: int | None
    run: int | None
    labels: int | None
    metrics: dict[str, Any]
    gate: dict[str, Any]
    earlier: bool
    created: datetime
    served_from: datetime | None


class RollbackOut(Schema):
    """``marked``: how many agreed tasks were drawn over proposals of later versions, and are (or
    would be) marked for review. No human work is thrown away."""

    marked: int


@router.get("/studies/{slug}/training-runs", response=list[RunOut], summary="Training runs")
def runs(request: HttpRequest, slug: str) -> list[dict[str, Any]]:
    """The newest thirty, the newest first. Asks for the role of manager."""
    study = study_as(request.user, slug, Role.MANAGER)
    return [_run(row) for row in desk.runs_of(study)]


@router.post(
    "/studies/{slug}/training-runs", response={202: RunOut}, summary="Start a training run"
)
def start(request: HttpRequest, slug: str) -> Status[dict[str, Any]]:
    """Train on all that is known but the last round's audits; a worker takes it up. For admins of
    the study; 409 while a run is under way, or when nothing is labelled yet."""
    study = study_as(request.user, slug, Role.ADMIN)
    return Status(202, _run(desk.row_of(services.start_training(study))))


@router.get("/training-runs/{int:run_id}", response=RunDetailOut, summary="One training run")
def run(request: HttpRequest, run_id: int) -> dict[str, Any]:
    """A run with its configuration and curves. Asks for the role of manager."""
    found = _found_run(request, run_id, Role.MANAGER)
    return {
        **_run(desk.row_of(found)),
        "config": found.config,
        "data_hash": found.data_hash,
        "code_version": found.code_version,
        "curves": found.curves,
    }


@router.post("/training-runs/{int:run_id}/cancel", response=RunOut, summary="Cancel a training run")
def cancel(request: HttpRequest, run_id: int) -> dict[str, Any]:
    """Tell a run to stop; its last checkpoint is kept. For admins of the study; 409 if it has
    ended."""
    services.cancel_training(_found_run(request, run_id, Role.ADMIN))
    return _run(desk.row_of(_found_run(request, run_id, Role.ADMIN)))


@router.get("/studies/{slug}/model-versions", response=list[VersionOut], summary="Model versions")
def versions(request: HttpRequest, slug: str) -> list[dict[str, Any]]:
    """All of them, the newest first. Asks for the role of manager."""
    study = study_as(request.user, slug, Role.MANAGER)
    return [_version(row) for row in desk.versions_of(study)]


@router.post(
    "/model-versions/{int:version_id}/promote", response=VersionOut, summary="Promote a version"
)
def promote(request: HttpRequest, version_id: int) -> dict[str, Any]:
    """Let a version serve, whatever the gate said; that it was done by hand is noted. For admins
    of the study; 409 if it serves already, or is older than the serving one."""
    found = _found_version(request, version_id)
    serving.promote(found)
    return next(_version(row) for row in desk.versions_of(found.study) if row.version == found)


@router.get(
    "/model-versions/{int:version_id}/rollback",
    response=RollbackOut,
    summary="What a rollback would mark",
)
def rollback_preview(request: HttpRequest, version_id: int) -> dict[str, int]:
    """Changes nothing. For admins of the study; 409 if the version is not older than the serving
    one."""
    return {"marked": serving.rollback_preview(_found_version(request, version_id))}


@router.post("/model-versions/{int:version_id}/rollback", response=RollbackOut, summary="Roll back")
def rollback(request: HttpRequest, version_id: int) -> dict[str, int]:
    """Let an earlier version serve again, and mark for review what rests on later ones. For
    admins of the study; 409 if the version is not older than the serving one."""
    return {"marked": serving.rollback(_found_version(request, version_id))}


def _found_run(request: HttpRequest, run_id: int, least: Role) -> TrainingRun:
    found = (
        TrainingRun.objects.select_related("study", "job", "parent", "model_version")
        .filter(pk=run_id)
        .first()
    )
    if found is None:
        raise NotVisibleError
    require(request.user, found.study, least)
    return found


def _found_version(request: HttpRequest, version_id: int) -> ModelVersion:
    found = ModelVersion.objects.select_related("study").filter(pk=version_id).first()
    if found is None:
        raise NotVisibleError
    require(request.user, found.study, Role.ADMIN)
    return found


def _run(row: desk.RunRow) -> dict[str, Any]:
    run = row.run
    return {
        "id": run.pk,
        "state": run.state,
        "stopping": row.stopping,
        "progress": row.progress,
        "message": row.message,
        "error": run.error,
        "slices": int(run.snapshot.get("slices", 0)),
        "parent": run.parent.number if run.parent else None,
        "version": row.version.number if row.version else None,
        "dice": row.dice,
        "seconds": row.seconds,
        "seconds_left": row.left,
        "created": run.created,
        "started": run.started,
        "finished": run.finished,
        "job": run.job_id,
    }


def _version(row: desk.VersionRow) -> dict[str, Any]:
    version = row.version
    names = ("number", "kind", "state", "metrics", "gate", "created", "served_from")
    return {
        **{name: getattr(version, name) for name in names},
        "id": version.pk,
        "parent": row.parent,
        "run": version.training_run_id,
        "labels": version.labels_id,
        "earlier": row.earlier,
    }
