"""The study's jobs, done in this process one after the other."""

from collections.abc import Callable

from lamella.jobs.models import Job, JobState
from workers.runner import run_job


class JobFailedError(Exception):
    """A job of the study failed; the text is what a person would be told."""


def drain(each: Callable[[Job], None] = lambda job: None) -> int:
    """Do queued jobs until none is left, and return how many. ``each`` is told of every one done.

    Raises JobFailedError.
    """
    done = 0
    while True:
        job = Job.objects.filter(state=JobState.QUEUED).order_by("created").first()
        if job is None:
            return done
        outcome = run_job(str(job.pk))
        job.refresh_from_db()
        if outcome != "done":
            raise JobFailedError(f"“{job.title}” {outcome}: {job.error}\n{job.traceback}".strip())
        done += 1
        each(job)
