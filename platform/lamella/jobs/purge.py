"""Forgets jobs that ended long ago, so that the table does not grow for ever."""

import logging
from datetime import datetime

from django.conf import settings
from django.db.models import CASCADE, ForeignObjectRel, QuerySet

from lamella.jobs import clock
from lamella.jobs.models import Job, JobState

logger = logging.getLogger(__name__)

ENDED = (JobState.DONE, JobState.FAILED, JobState.CANCELLED)
# At once: SQLite lets nobody else write meanwhile.
_PORTION = 500


def purge(now: datetime | None = None) -> int:
    """Delete jobs that ended longer than ``settings.JOBS_KEPT`` ago; returns how many.

    Jobs that another row points at (a training run at the job that trained it) are kept.
    """
    old = _unreferenced().filter(
        state__in=ENDED, finished__lt=(now or clock.now()) - settings.JOBS_KEPT
    )
    removed = 0
    while keys := list(old.values_list("pk", flat=True)[:_PORTION]):
        # Asked once more: somebody may have queued one of them anew in the meantime.
        count = old.filter(pk__in=keys).delete()[1].get(Job._meta.label, 0)
        if not count:
            break
        removed += count
    if removed:
        logger.info("Forgot %s jobs that ended before %s days.", removed, settings.JOBS_KEPT.days)
    return removed


def _unreferenced() -> QuerySet[Job]:
    jobs = Job.objects.all()
    for relation in Job._meta.get_fields(include_hidden=True):
        # What goes with its job, as its log does, keeps none.
        if isinstance(relation, ForeignObjectRel) and relation.on_delete is not CASCADE:
            name = relation.field.name
            rows = relation.related_model._base_manager.filter(**{f"{name}__isnull": False})
            jobs = jobs.exclude(pk__in=rows.values(name))
    return jobs
