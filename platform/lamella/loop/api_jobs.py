"""Jobs of a study: how far they are, trying again, cancelling."""

from datetime import datetime
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Schema

from lamella.jobs import selectors, services
from lamella.jobs.models import Job, JobState
from lamella.studies.access import NotVisibleError, require, study_as
from lamella.studies.models import Role, Study

router = Router(tags=["jobs"])

_SHOWN = 100


class JobOut(Schema):
    """``progress``: 0 to 1. ``error``: one plain sentence, where it failed. ``stopping``: told to
    stop, while the worker has not yet done so."""

    id: UUID
    kind: str
    title: str
    state: JobState
    stopping: bool
    progress: float
    message: str
    error: str
    created: datetime
    started: datetime | None
    finished: datetime | None


@router.get("/studies/{slug}/jobs", response=list[JobOut], summary="Jobs of a study")
def jobs(request: HttpRequest, slug: str) -> list[Job]:
    """Those that wait or run, and those that ended within a week, the newest first. Asks for the
    role of manager."""
    study = study_as(request.user, slug, Role.MANAGER)
    return list(selectors.jobs_to_show(study.slug, hours=7 * 24)[:_SHOWN])


@router.post("/jobs/{uuid:job_id}/retry", response=JobOut, summary="Try a job again")
def retry(request: HttpRequest, job_id: UUID) -> Job:
    """Queue a failed or cancelled job anew. For admins of the study; 409 if it has not failed, or
    the same work waits or runs already."""
    return services.retry(_found(request, job_id))


@router.post("/jobs/{uuid:job_id}/cancel", response=JobOut, summary="Cancel a job")
def cancel(request: HttpRequest, job_id: UUID) -> Job:
    """Cancel a waiting job, or tell a running one to stop. For admins of the study; 409 if it has
    ended."""
    return services.tell_to_stop(_found(request, job_id))


def _found(request: HttpRequest, job_id: UUID) -> Job:
    """A job of a study that the person administers; jobs of no study are nobody's here."""
    job = Job.objects.filter(pk=job_id).first()
    study = Study.objects.filter(slug=job.scope).first() if job and job.scope else None
    if job is None or study is None:
        raise NotVisibleError
    require(request.user, study, Role.ADMIN)
    return job
