"""What a manager's page asks for again and again, small enough to ask often."""

from typing import Any

from lamella.consensus.selectors import waiting_for_review
from lamella.jobs.models import Job, JobState
from lamella.jobs.selectors import jobs_to_show
from lamella.rounds.models import Task
from lamella.studies.models import Study

SHOWN = 8


def payload(study: Study) -> dict[str, Any]:
    """Jobs and counts of a study, as plain values. Three queries."""
    jobs = list(jobs_to_show(study.slug)[:SHOWN])
    return {
        "waiting": waiting_for_review(study).count(),
        "open_tasks": study.tasks.filter(state=Task.State.OPEN)
        .exclude(kind=Task.Kind.GOLD)
        .count(),
        "jobs": [job_row(job) for job in jobs],
    }


def job_row(job: Job) -> dict[str, Any]:
    return {
        "id": str(job.pk),
        "title": job.title,
        "state": job.state,
        "word": "stopping" if _stopping(job) else job.get_state_display(),
        "progress": round(job.progress, 3),
        "message": job.message if job.state == JobState.RUNNING else "",
        "error": job.error if job.state == JobState.FAILED else "",
        "started": job.started.isoformat() if job.started else None,
        "finished": job.finished.isoformat() if job.finished else None,
    }


def _stopping(job: Job) -> bool:
    return job.cancel_requested and job.state == JobState.RUNNING
