"""Brings jobs and reality together again: dead workers, lost messages.

Called every two seconds by the scheduler. Two schedulers at once do no harm.
"""

import logging
import uuid
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction

from lamella.jobs import bell, clock, identity, services
from lamella.jobs.kinds import QUEUES
from lamella.jobs.models import Job, JobState

logger = logging.getLogger(__name__)

# A job that was rung for this long ago and still waits may have lost its message.
RING_AGAIN = timedelta(seconds=5)


@dataclass(frozen=True)
class Report:
    """How many jobs were queued again, given up, cancelled, and rung for."""

    requeued: int = 0
    failed: int = 0
    cancelled: int = 0
    rung: int = 0

    def __bool__(self) -> bool:
        return bool(self.requeued or self.failed or self.cancelled or self.rung)


def reconcile(now: datetime | None = None) -> Report:
    """Queue jobs whose worker has fallen silent, and ring for those that nobody picked up."""
    now = now or clock.now()
    outcomes: Counter[str] = Counter()
    running = Job.objects.filter(state=JobState.RUNNING)
    for pk, token, until, worker in list(
        running.values_list("pk", "lease_token", "lease_until", "worker")
    ):
        if until is None or until < now:
            outcomes[_take_away(pk, token, lapsed_at=now)] += 1
        elif identity.is_surely_dead(worker):
            outcomes[_take_away(pk, token, lapsed_at=None)] += 1
    rung = sum(_ring_queue(queue, now) for queue in QUEUES)
    return Report(
        requeued=outcomes["requeued"],
        failed=outcomes["failed"],
        cancelled=outcomes["cancelled"],
        rung=rung,
    )


def reconcile_now() -> None:
    """``reconcile`` for the scheduler: logs what it did."""
    report = reconcile()
    if report.requeued or report.failed or report.cancelled:
        logger.info("%s", report)


def _take_away(pk: uuid.UUID, token: uuid.UUID | None, *, lapsed_at: datetime | None) -> str:
    """Decide about one job that its worker seems to have left; return what became of it.

    With ``lapsed_at``, only if the lease had lapsed by then: the worker may have spoken since.
    """
    held = Job.objects.filter(pk=pk, state=JobState.RUNNING, lease_token=token)
    if lapsed_at is not None:
        held = held.filter(lease_until__lt=lapsed_at)
    with transaction.atomic():
        # A row that its worker is just recording under is locked: leave that one alone.
        job = held.select_for_update(
            skip_locked=connection.features.has_select_for_update_skip_locked
        ).first()
        if job is None:
            return "kept"
        if job.cancel_requested:
            return "cancelled" if services.end(held, JobState.CANCELLED) else "kept"
        if job.attempts >= job.max_attempts:
            error = (
                f"The work stopped without a word {job.attempts} times in a row and was given up. "
                "An admin finds the reason in the worker's log; it may be a lack of memory."
            )
            return "failed" if services.end(held, JobState.FAILED, error=error) else "kept"
        logger.warning("Job %s (%s) is queued again: %s is gone.", pk, job.kind, job.worker)
        return "requeued" if services.requeue(held) else "kept"


def _ring_queue(queue: str, now: datetime) -> int:
    """Ring for the waiting jobs of a queue whose messages may be lost; return how many.

    While the broker still holds a message for each waiting job nothing is missing: jobs may wait
    for hours behind a long one, and ringing for them each time would pile up messages.
    """
    waiting = Job.objects.filter(queue=queue, state=JobState.QUEUED).exclude(not_before__gt=now)
    overdue = waiting.exclude(rung__gt=now - RING_AGAIN).order_by("created")
    if not overdue.exists():
        return 0
    held = bell.messages(queue)
    if held is None:
        return 0
    missing = waiting.count() - held
    return sum(services.ring(job) for job in overdue[:missing]) if missing > 0 else 0
