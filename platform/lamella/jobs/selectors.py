"""Questions about jobs, for pages and handlers."""

from datetime import timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from lamella.jobs.models import Job, JobState
from lamella.jobs.services import LIVE

SHOWN_HOURS = 24
"""For how long a page lists what has ended."""


def jobs_of(scope: str) -> QuerySet[Job]:
    """A study's jobs, newest first."""
    return Job.objects.filter(scope=scope).order_by("-created")


def live_jobs(scope: str | None = None) -> QuerySet[Job]:
    """Jobs that wait or run, oldest first; of one study or of all."""
    jobs = Job.objects.filter(state__in=LIVE).order_by("created")
    return jobs if scope is None else jobs.filter(scope=scope)


def jobs_to_show(scope: str | None = None, *, hours: int = SHOWN_HOURS) -> QuerySet[Job]:
    """What a page lists: live jobs, and those that ended within the last hours, newest first."""
    since = timezone.now() - timedelta(hours=hours)
    jobs = Job.objects.filter(Q(state__in=LIVE) | Q(finished__gte=since)).order_by("-created")
    return jobs if scope is None else jobs.filter(scope=scope)


def failed_jobs(scope: str) -> QuerySet[Job]:
    """A study's jobs that failed in the last week and were not done again since."""
    since = timezone.now() - timedelta(days=7)
    return Job.objects.filter(scope=scope, state=JobState.FAILED, finished__gte=since)


def shown_and_failed(scope: str, shown: int, failed: int) -> tuple[list[Job], list[Job]]:
    """(the first of `jobs_to_show`, the latest of `failed_jobs`), so many of each. One query."""
    first = jobs_to_show(scope)[:shown].values("pk")
    latest = failed_jobs(scope).order_by("-finished")[:failed].values("pk")
    found = list(Job.objects.filter(Q(pk__in=first) | Q(pk__in=latest)).order_by("-created"))
    # What is too old for the first list is here because of the other.
    since = timezone.now() - timedelta(hours=SHOWN_HOURS)
    recent = [job for job in found if job.state in LIVE or (job.finished and job.finished >= since)]
    ended = [job for job in found if job.state == JobState.FAILED and job.finished]
    ended.sort(key=lambda job: job.finished or job.created, reverse=True)
    return recent[:shown], ended[:failed]


def latest(key: str) -> Job | None:
    """The newest job of a key, live or ended."""
    return Job.objects.filter(key=key).order_by("-created").first()


def is_live(key: str) -> bool:
    """Does work of this key wait or run?"""
    return Job.objects.filter(key=key, state__in=LIVE).exists()


def waiting_before(job: Job) -> int:
    """How many jobs of the same queue wait ahead of a waiting one."""
    if job.state != JobState.QUEUED:
        return 0
    return Job.objects.filter(
        queue=job.queue, state=JobState.QUEUED, created__lt=job.created
    ).count()
