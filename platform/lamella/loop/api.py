"""Training runs and model versions: start, cancel, promote, roll back."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.core.exceptions import ValidationError
from django.http import HttpRequest
from ninja import Router, Schema, Status

from lamella.learning import desk
from lamella.learning.models import ModelVersion, TrainingRun
from lamella.learning.origins import Origin, origin_for, origins_for
from lamella.loop import serving
from lamella.loop.training import Begin, cancel_training, start_pretraining, start_training
from lamella.studies.access import NotVisibleError, require, study_as
from lamella.studies.models import Role

router = Router(tags=["training"])


class StartIn(Schema):
    """``kind``: "train" on labels, or "pretrain" on the cubes alone, which takes none of the rest.
    ``start_from``: the "serving" version, which goes on learning, "nothing", or the id of a version
    among the study's origins. Of such a version ``taken`` says how much is taken ("everything" is
    all but the head), ``trainable`` what is trained of it; what is left out, the study's settings
    decide."""

    kind: TrainingRun.Kind = TrainingRun.Kind.TRAIN
    start_from: Literal["serving", "nothing"] | int = "serving"
    taken: Literal["everything", "encoder"] | None = None
    trainable: Literal["everything", "decoder"] | None = None


class OriginOut(Schema):
    """A version that a run may start from: its id, number and study."""

    version: int
    number: int
    kind: ModelVersion.Kind
    state: ModelVersion.State
    study: str
    study_title: str
    created: datetime


class RunOriginOut(Schema):
    """All null where the version is gone, or of a study that is not yours to see."""

    version: int | None
    number: int | None
    study: str | None


class RunOut(Schema):
    """``progress``: 0 to 1. ``seconds`` so far, ``seconds_left`` an estimate. ``slices``: how many
    it learns from, labelled ones but where ``kind`` is "pretrain". ``parent`` and ``version``:
    numbers of the model version that it goes on with, and of the one that it made. ``origin``: the
    version, of this study or another, that it was told to start from. ``dice``: the best on slices
    that were held back, during the run."""

    id: int
    kind: TrainingRun.Kind
    state: TrainingRun.State
    stopping: bool
    progress: float
    message: str
    error: str
    slices: int
    parent: int | None
    origin: RunOriginOut | None
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
    than the serving one, so that to serve it again is a rollback. In the state "origin" are those
    that were pretrained without labels: they never serve, runs start from them."""

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
    return [_run(row) for row in desk.runs_of(study, request.user).rows]


@router.post(
    "/studies/{slug}/training-runs", response={202: RunOut}, summary="Start a training run"
)
def start(request: HttpRequest, slug: str, body: StartIn | None = None) -> Status[dict[str, Any]]:
    """Train on all that is known but the last round's audits; a worker takes it up. Without a body
    the serving version goes on learning. For admins of the study; 404 for a version that is not
    among its origins, 409 while a run is under way, or when there is nothing to learn from."""
    study = study_as(request.user, slug, Role.ADMIN)
    told = body or StartIn()
    if told.kind == TrainingRun.Kind.PRETRAIN:
        if told.model_fields_set - {"kind"}:
            raise ValidationError("A run without labels starts from nothing; send its kind alone.")
        run = start_pretraining(study)
    else:
        begin = (
            origin_for(request.user, study, told.start_from)
            if isinstance(told.start_from, int)
            else Begin(told.start_from)
        )
        run = start_training(study, begin=begin, taken=told.taken, trainable=told.trainable)
    return Status(202, _run(desk.row_of(run, request.user)))


@router.get(
    "/studies/{slug}/origins", response=list[OriginOut], summary="What a run may start from"
)
def origins(request: HttpRequest, slug: str) -> list[dict[str, Any]]:
    """Versions with weights, trained or pretrained, of this study, and of every other that you
    administer. For admins of the study."""
    study = study_as(request.user, slug, Role.ADMIN)
    return [
        {
            "version": version.pk,
            "number": version.number,
            "kind": version.kind,
            "state": version.state,
            "study": version.study.slug,
            "study_title": version.study.title,
            "created": version.created,
        }
        for version in origins_for(request.user, study)
    ]


@router.get("/training-runs/{int:run_id}", response=RunDetailOut, summary="One training run")
def run(request: HttpRequest, run_id: int) -> dict[str, Any]:
    """A run with its configuration and curves. Asks for the role of manager."""
    found = _found_run(request, run_id, Role.MANAGER)
    return {
        **_run(desk.row_of(found, request.user)),
        "config": found.config,
        "data_hash": found.data_hash,
        "code_version": found.code_version,
        "curves": found.curves,
    }


@router.post("/training-runs/{int:run_id}/cancel", response=RunOut, summary="Cancel a training run")
def cancel(request: HttpRequest, run_id: int) -> dict[str, Any]:
    """Tell a run to stop; its last checkpoint is kept. For admins of the study; 409 if it has
    ended."""
    cancel_training(_found_run(request, run_id, Role.ADMIN))
    return _run(desk.row_of(_found_run(request, run_id, Role.ADMIN), request.user))


@router.get("/studies/{slug}/model-versions", response=list[VersionOut], summary="Model versions")
def versions(request: HttpRequest, slug: str) -> list[dict[str, Any]]:
    """All of them, the newest first. Asks for the role of manager."""
    study = study_as(request.user, slug, Role.MANAGER)
    return [_version(row) for row in desk.versions_of(study, request.user)]


@router.post(
    "/model-versions/{int:version_id}/promote", response=VersionOut, summary="Promote a version"
)
def promote(request: HttpRequest, version_id: int) -> dict[str, Any]:
    """Let a version serve, whatever the gate said; that it was done by hand is noted. For admins
    of the study; 409 if it serves already, is older than the serving one, or was pretrained
    without labels."""
    found = _found_version(request, version_id)
    serving.promote(found)
    rows = desk.versions_of(found.study, request.user)
    return next(_version(row) for row in rows if row.version == found)


@router.get(
    "/model-versions/{int:version_id}/rollback",
    response=RollbackOut,
    summary="What a rollback would mark",
)
def rollback_preview(request: HttpRequest, version_id: int) -> dict[str, int]:
    """Changes nothing. For admins of the study; 409 if the version is not older than the serving
    one."""
    return {"marked": serving.rollback_preview(_found_version(request, version_id)).marked}


@router.post("/model-versions/{int:version_id}/rollback", response=RollbackOut, summary="Roll back")
def rollback(request: HttpRequest, version_id: int) -> dict[str, int]:
    """Let an earlier version serve again, and mark for review what rests on later ones. For
    admins of the study; 409 if the version is not older than the serving one."""
    return {"marked": serving.rollback(_found_version(request, version_id))}


def _found_run(request: HttpRequest, run_id: int, least: Role) -> TrainingRun:
    found = (
        TrainingRun.objects.select_related(
            "study", "job", "parent", "origin__study", "model_version"
        )
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
        "kind": run.kind,
        "state": run.state,
        "stopping": row.stopping,
        "progress": row.progress,
        "message": row.message,
        "error": run.error,
        "slices": int(row.slices),
        "parent": run.parent.number if run.parent else None,
        "origin": None if row.origin is None else _origin(row.origin),
        "version": row.version.number if row.version else None,
        "dice": row.dice,
        "seconds": row.seconds,
        "seconds_left": row.left,
        "created": run.created,
        "started": run.started,
        "finished": run.finished,
        "job": run.job_id,
    }


def _origin(origin: Origin) -> dict[str, Any]:
    version, study = origin.version, origin.study
    return {
        "version": version.pk if version else None,
        "number": version.number if version else None,
        "study": study.slug if study else None,
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
