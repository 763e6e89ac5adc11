"""What a manager's page asks for again and again, small enough to ask often."""

from typing import Any

from django.db.models import Count, Max, OuterRef, Q, Subquery

from lamella.consensus.selectors import Wanted, count_of
from lamella.jobs.models import Job, JobState
from lamella.jobs.selectors import jobs_to_show
from lamella.languages.sentences import said
from lamella.learning.models import TrainingRun
from lamella.rounds.models import Task
from lamella.studies.models import Study

SHOWN = 8
_RUNS = ("train", "pretrain")


def payload(study: Study, *, waiting: int | None = None) -> dict[str, Any]:
    """Jobs and counts of a study, as plain values. Four queries, two with ``waiting`` known.

    ``stamp`` changes when a page that shows the study should draw its parts anew; ``run_stamp``
    also when a training run has gone on.
    """
    jobs = list(jobs_to_show(study.slug)[:SHOWN])
    if waiting is None:
        waiting = count_of(study, Wanted())
    now = _counts(study)
    ended = sum(job.ended for job in jobs)
    stamp = ".".join(
        str(part)
        for part in (*now.values(), waiting, ended, jobs[0].pk if jobs else "")
        if part is not None
    )
    training = ".".join(f"{job.progress:.3f}" for job in jobs if job.kind in _RUNS)
    return {
        "waiting": waiting,
        "open_tasks": now["open"],
        "jobs": [job_row(job) for job in jobs],
        "stamp": stamp,
        "run_stamp": f"{stamp}.{training}",
    }


def _counts(study: Study) -> dict[str, Any]:
    """What the stamps are made of."""
    runs = TrainingRun.objects.filter(study=OuterRef("pk")).order_by("-pk")
    work = ~Q(tasks__kind=Task.Kind.GOLD)
    found = (
        Study.objects.filter(pk=study.pk)
        .annotate(
            all=Count("tasks", filter=work),
            open=Count("tasks", filter=work & Q(tasks__state=Task.State.OPEN)),
            accepted=Count("tasks", filter=work & Q(tasks__state=Task.State.ACCEPTED)),
            last=Max("tasks__retired"),
            run=Subquery(runs.values("pk")[:1]),
            run_state=Subquery(runs.values("state")[:1]),
            version_state=Subquery(runs.values("model_version__state")[:1]),
        )
        .values("all", "open", "accepted", "last", "run", "run_state", "version_state", "state")
        .get()
    )
    return dict(found)


def job_row(job: Job) -> dict[str, Any]:
    return {
        "id": str(job.pk),
        "title": said(job.title),
        "state": job.state,
        "word": str(job.state_word),
        "progress": round(job.progress, 3),
        "message": said(job.message) if job.state == JobState.RUNNING else "",
        "error": said(job.error) if job.state == JobState.FAILED else "",
    }
