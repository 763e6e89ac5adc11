"""The training desk for programs: settings, rules, pictures, comparison, disk."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router, Schema, Status
from ninja.errors import HttpError

from lamella.accounts.access import require_account
from lamella.cubes.store import location
from lamella.jobs import services as jobs
from lamella.jobs.models import Job
from lamella.learning.models import TrainingRun
from lamella.loop.api_jobs import JobOut
from lamella.loop.comparing import ask_for_comparison, comparison_of
from lamella.loop.disk import ask_for_cleaning, disk_of
from lamella.loop.training import resume_training
from lamella.studies.access import NotVisibleError, require, study_as
from lamella.studies.config_fields import change_config, settings_of
from lamella.studies.models import Role, Study
from lamella.studies.policy import SettingsError, config_of
from models.config import ScheduleConfig, TrainConfig

router = Router(tags=["training"])


class TrainingSettings(Schema):
    """``train``: the settings of TrainConfig, ``schedule``: of ScheduleConfig, by name; see
    models/config. When changing, a section that is given is replaced as a whole, and what it
    leaves out is as by default."""

    train: dict[str, Any] | None = None
    schedule: dict[str, Any] | None = None


class ResumedOut(Schema):
    id: int
    state: TrainingRun.State


class AskedOut(Schema):
    """What was asked for is done by a worker."""

    asked: bool = True


class ShareOut(Schema):
    """Mean Dice with its 95 % interval, over so many masks; null where there were none."""

    dice: float | None
    low: float | None
    high: float | None
    masks: int


class ComparedOut(Schema):
    number: int
    gold: ShareOut
    audit: ShareOut


class ComparisonOut(Schema):
    counted: datetime
    lines: list[ComparedOut]


class DiskOut(Schema):
    """Bytes by part; ``spare``: of these what cleaning up would delete."""

    counted: datetime
    parts: dict[str, int]
    spare: int


_KINDS: dict[str, type] = {"train": TrainConfig, "schedule": ScheduleConfig}


@router.get(
    "/studies/{slug}/training-settings", response=TrainingSettings, summary="Training settings"
)
def training_settings(request: HttpRequest, slug: str) -> dict[str, Any]:
    """Every setting with the value that the next run uses. For admins of the study."""
    return _settings(study_as(request.user, slug, Role.ADMIN))


@router.patch(
    "/studies/{slug}/training-settings",
    response=TrainingSettings,
    summary="Change training settings",
)
def change_training_settings(
    request: HttpRequest, slug: str, body: TrainingSettings
) -> dict[str, Any]:
    """Counts from the next run on. For admins of the study; 422 for what is no setting or out of
    bounds."""
    study = study_as(request.user, slug, Role.ADMIN)
    for section, values in body.model_dump(exclude_none=True).items():
        try:
            change_config(study, _KINDS[section], section, values)
        except SettingsError as error:
            raise HttpError(422, str(error)) from None
    return _settings(study)


def _settings(study: Study) -> dict[str, Any]:
    return {
        section: {
            setting.name: getattr(config_of(study, kind, section), setting.name)
            for setting in settings_of(kind)
        }
        for section, kind in _KINDS.items()
    }


@router.post(
    "/training-runs/{int:run_id}/resume",
    response={202: ResumedOut},
    summary="Let a run go on",
)
def resume(request: HttpRequest, run_id: int) -> Status[TrainingRun]:
    """A cancelled or failed run goes on from its last checkpoint. For admins of the study; 409 if
    it was neither, or another run is under way."""
    run = _run(request, run_id, Role.ADMIN)
    return Status(202, resume_training(run))


@router.get("/training-runs/{int:run_id}/samples/{int:number}/{int:step}.jpg")
def sample(request: HttpRequest, run_id: int, number: int, step: int) -> HttpResponse:
    """A picture of a known slice at some step of a run: the model's outline blue, people's orange.
    Asks for the role of manager."""
    run = _run(request, run_id, Role.MANAGER)
    found = (s for s in run.samples if (s["number"], s["step"]) == (number, step))
    kept = next(found, None)
    data = location(kept["uri"]).read() if kept else None
    if data is None:
        raise NotVisibleError
    response = HttpResponse(data, content_type="image/jpeg")
    response["Cache-Control"] = "private, max-age=86400"
    return response


@router.get(
    "/studies/{slug}/comparison",
    response={200: ComparisonOut, 204: None},
    summary="Versions compared",
)
def comparison(request: HttpRequest, slug: str) -> Any:
    """What the last comparison of model versions said; 204 before the first. Asks for the role of
    manager."""
    return comparison_of(study_as(request.user, slug, Role.MANAGER)) or Status(204, None)


@router.post(
    "/studies/{slug}/comparison", response={202: AskedOut}, summary="Compare model versions"
)
def compare(request: HttpRequest, slug: str) -> Status[dict[str, bool]]:
    """Hold the newest versions against each other on gold and fresh audit masks. For admins of the
    study."""
    ask_for_comparison(study_as(request.user, slug, Role.ADMIN))
    return Status(202, {"asked": True})


@router.get("/studies/{slug}/disk", response={200: DiskOut, 204: None}, summary="Disk use")
def disk(request: HttpRequest, slug: str) -> Any:
    """Bytes of a study as measured last; 204 before the first time. Asks for the role of
    manager."""
    return disk_of(study_as(request.user, slug, Role.MANAGER)) or Status(204, None)


@router.post("/studies/{slug}/disk/clean-up", response={202: AskedOut}, summary="Clean up")
def clean_up(request: HttpRequest, slug: str) -> Status[dict[str, bool]]:
    """Delete what can be made again of versions that no longer serve. For admins of the study."""
    ask_for_cleaning(study_as(request.user, slug, Role.ADMIN))
    return Status(202, {"asked": True})


@router.post("/health/jobs/{uuid:job_id}/retry", response=JobOut, summary="Try any job again")
def retry(request: HttpRequest, job_id: UUID) -> Job:
    """Queue a failed job of whatever study, or of none, anew. For admins of the installation; 409
    if it has not failed."""
    if not require_account(request).is_staff:
        raise NotVisibleError
    job = Job.objects.filter(pk=job_id).first()
    if job is None:
        raise NotVisibleError
    return jobs.retry(job)


def _run(request: HttpRequest, run_id: int, least: Role) -> TrainingRun:
    run = TrainingRun.objects.select_related("study", "job").filter(pk=run_id).first()
    if run is None:
        raise NotVisibleError
    require(request.user, run.study, least)
    return run
