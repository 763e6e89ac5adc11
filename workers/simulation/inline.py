"""The study's jobs, done in this process one after the other."""

from collections.abc import Callable, Collection

from lamella.jobs.models import Job, JobState
from workers.runner import run_job


class JobFailedError(Exception):
    """A job of the study failed; the text is what a person would be told."""


AT_ONCE = ("consensus", "skills")
"""Kinds of jobs that are done before the next person takes a task, as workers would."""


def drain(
    each: Callable[[Job], None] = lambda job: None, kinds: Collection[str] | None = None
) -> int:
    """Do queued jobs (of some ``kinds``) until none is left, and return how many. ``each`` is told
    of every one done.

    Raises JobFailedError.
    """
    done = 0
    queued = Job.objects.filter(state=JobState.QUEUED).order_by("created")
    if kinds is not None:
        queued = queued.filter(kind__in=kinds)
    while True:
        job = queued.first()
        if job is None:
            return done
        outcome = run_job(str(job.pk))
        job.refresh_from_db()
        if outcome != "done":
            raise JobFailedError(f"“{job.title}” {outcome}: {job.error}\n{job.traceback}".strip())
        done += 1
        each(job)
