"""What a manager's page asks for again and again, small enough to ask often."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified, JsonResponse

from lamella.jobs.models import Job, JobState
from lamella.jobs.selectors import jobs_to_show
from lamella.languages.sentences import said
from lamella.loop.counted import Counted
from lamella.studies.models import Study

SHOWN = 8
_RUNS = ("train", "pretrain")


def answer(request: HttpRequest, body: Mapping[str, Any]) -> HttpResponse:
    """The body as JSON, or 304 where the browser has it already."""
    etag = '"' + hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()[:32] + '"'
    if request.headers.get("If-None-Match") == etag:
        response: HttpResponse = HttpResponseNotModified()
    else:
        response = JsonResponse(body)
    response["ETag"] = etag
    response["Cache-Control"] = "private, no-cache"
    return response


def payload(
    study: Study, now: Counted | None = None, jobs: list[Job] | None = None
) -> dict[str, Any]:
    """Jobs and counts of a study, as plain values. Five queries, fewer with what is known already.

    ``jobs``: the first SHOWN of `jobs_to_show`.

    ``stamp`` changes when a page that shows the study should draw its parts anew; ``run_stamp``
    also when a training run has gone on.
    """
    jobs = list(jobs_to_show(study.slug)[:SHOWN]) if jobs is None else jobs
    now = now or Counted(study)
    waiting, tasks = now.review["waiting"], now.tasks
    counts = [tasks[name] for name in ("all", "open", "accepted", "last")]
    ended = sum(job.ended for job in jobs)
    stamp = ".".join(
        str(part)
        for part in (
            *counts,
            *now.states.values(),
            study.state,
            waiting,
            ended,
            jobs[0].pk if jobs else "",
        )
        if part is not None
    )
    training = ".".join(f"{job.progress:.3f}" for job in jobs if job.kind in _RUNS)
    return {
        "waiting": waiting,
        "open_tasks": tasks["open"],
        "jobs": [job_row(job) for job in jobs],
        "stamp": stamp,
        "run_stamp": f"{stamp}.{training}",
    }


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
