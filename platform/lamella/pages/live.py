"""What a manager's page asks for again and again, small enough to ask often."""

from typing import Any

from django.db.models import Count, Max, Q

from lamella.consensus.selectors import waiting_for_review
from lamella.jobs.models import Job, JobState
from lamella.jobs.selectors import jobs_to_show
from lamella.learning.models import TrainingRun
from lamella.rounds.models import Task
from lamella.studies.models import Study

SHOWN = 8


def payload(study: Study, *, waiting: int | None = None) -> dict[str, Any]:
    """Jobs and counts of a study, as plain values. Four queries, three with ``waiting`` known.

    ``stamp`` changes when a page that shows the study should draw its parts anew.
    """
    jobs = list(jobs_to_show(study.slug)[:SHOWN])
    if waiting is None:
        waiting = waiting_for_review(study).order_by().count()
    tasks = study.tasks.exclude(kind=Task.Kind.GOLD).aggregate(
        all=Count("pk"),
        open=Count("pk", filter=Q(state=Task.State.OPEN)),
        accepted=Count("pk", filter=Q(state=Task.State.ACCEPTED)),
        places=Max("retired"),
    )
    ended = sum(job.ended for job in jobs)
    return {
        "waiting": waiting,
        "open_tasks": tasks["open"],
        "jobs": [job_row(job) for job in jobs],
        "stamp": f"{tasks['all']}.{tasks['open']}.{tasks['accepted']}.{tasks['places']}."
        f"{waiting}.{ended}.{jobs[0].pk if jobs else ''}.{_run_mark(study)}",
    }


def _run_mark(study: Study) -> str:
    run = (
        TrainingRun.objects.filter(study=study)
        .order_by("-pk")
        .values_list("pk", "state", "curves", "model_version__state")
        .first()
    )
    if run is None:
        return ""
    pk, state, curves, version = run
    return f"{pk}{state}{curves[-1].get('step') if curves else 0}{version or ''}"


def job_row(job: Job) -> dict[str, Any]:
    return {
        "id": str(job.pk),
        "title": job.title,
        "state": job.state,
        "word": "stopping" if _stopping(job) else job.get_state_display(),
        "progress": round(job.progress, 3),
        "message": job.message if job.state == JobState.RUNNING else "",
        "error": job.error if job.state == JobState.FAILED else "",
    }


def _stopping(job: Job) -> bool:
    return job.cancel_requested and job.state == JobState.RUNNING
