"""What may happen to a job, from the queue to its end.

    queued ──claim──► running ──finish──► done
      ▲                 │ ├──fail───────► failed ──retry──► queued
      └──reconcile──────┘ └──cancel─────► cancelled

Every step is one conditional UPDATE whose row count is checked, so that of two processes that
try the same step one succeeds. Broker messages carry no truth: losing or doubling them changes
nothing but the moment at which work begins.
"""

import logging
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet

from lamella.jobs import bell, clock
from lamella.jobs.errors import Cancelled, JobConflictError, LeaseLost
from lamella.jobs.kinds import KINDS, end_hooks
from lamella.jobs.models import Job, JobState

logger = logging.getLogger(__name__)

# A worker that has been silent for LEASE is taken for dead; it speaks every HEARTBEAT.
LEASE = timedelta(seconds=10)
HEARTBEAT = timedelta(seconds=2)

LIVE = (JobState.QUEUED, JobState.RUNNING)


@dataclass(frozen=True)
class Lease:
    """A worker's right to one job; worth nothing once the job's token is another one."""

    job_id: uuid.UUID
    token: uuid.UUID
    worker: str


def enqueue(
    kind: str,
    *,
    params: Mapping[str, int | str],
    title: str = "",
    scope: str = "",
    key: str | None = None,
    again: bool = False,
) -> Job:
    """Put work into the queue and, once the transaction commits, ring for a worker.

    Parameters
    ----------
    kind : a name in ``KINDS``.
    params : ids and words that the handler needs; no data.
    title : one line for people; by default the kind's.
    scope : slug of the study that it serves, by which pages list it.
    key : jobs of one key are the same work. The waiting or running job of this key is returned
        instead of a second one.
    again : with a key: a job that runs already does not count, for it may have read its input
        before the change that this call is about. One more is queued, and begins when that one
        has ended.

    A broker that is down raises nothing: the reconciler rings later.
    """
    known = KINDS[kind]
    job = Job(
        kind=kind,
        queue=known.queue,
        max_attempts=known.max_attempts,
        params=dict(params),
        title=(title or known.title)[:200],
        scope=scope,
        key=key or "",
    )
    if key is None:
        job.save(force_insert=True)
    else:
        live = _insert_once(job, again=again)
        if live is not None:
            return live
    transaction.on_commit(partial(ring, job), robust=True)
    return job


def _insert_once(job: Job, *, again: bool) -> Job | None:
    """Insert a job with a key; return the live job of that key if there is one already.

    Two constraints allow one waiting and one running job a key. An insertion beside another one
    that has begun in the meantime is found by looking again after it: the index made it wait for
    that job's claim to commit.
    """
    states = (JobState.QUEUED,) if again else LIVE
    others = Job.objects.filter(key=job.key, state__in=states).exclude(pk=job.pk)
    while True:
        live = others.order_by("created").first()
        if live is not None:
            return live
        try:
            with transaction.atomic():
                job.save(force_insert=True)
                live = others.order_by("created").first()
                if live is not None:
                    Job.objects.filter(pk=job.pk).delete()
                    return live
                return None
        except IntegrityError:
            # Another process was quicker: look for its job, which may have ended by now.
            continue


def ring(job: Job) -> bool:
    if not bell.ring(job):
        return False
    Job.objects.filter(pk=job.pk, state=JobState.QUEUED).update(rung=clock.now())
    return True


def claim(job_id: uuid.UUID | str, worker: str) -> Lease | None:
    """Take a waiting job. None if it is not waiting, not due, or its key's other job runs."""
    now = clock.now()
    lease = Lease(job_id=uuid.UUID(str(job_id)), token=uuid.uuid4(), worker=worker[:100])
    waiting = Job.objects.filter(pk=lease.job_id, state=JobState.QUEUED).exclude(not_before__gt=now)
    try:
        with transaction.atomic():
            count = waiting.update(
                state=JobState.RUNNING,
                lease_token=lease.token,
                lease_until=now + LEASE,
                worker=lease.worker,
                attempts=F("attempts") + 1,
                started=now,
                not_before=None,
            )
    except IntegrityError:
        return None
    return lease if count else None


def heartbeat(lease: Lease, *, progress: float | None = None, message: str | None = None) -> None:
    """Keep the lease, and tell how far the work is (0 to 1).

    Raises
    ------
    LeaseLost : the job was given to another worker or has ended.
    Cancelled : a person wants it to stop.
    """
    changes: dict[str, Any] = {"lease_until": clock.now() + LEASE}
    if progress is not None:
        changes["progress"] = min(max(progress, 0.0), 1.0)
    if message is not None:
        changes["message"] = message[:300]
    if not _owned(lease).update(**changes):
        raise LeaseLost(f"job {lease.job_id}")
    if Job.objects.filter(pk=lease.job_id, cancel_requested=True).exists():
        raise Cancelled(f"job {lease.job_id}")


@contextmanager
def effect(lease: Lease) -> Iterator[None]:
    """A transaction that records what the job brought about, as the lease's owner or not at all.

    Raises LeaseLost or Cancelled before the block runs. The row stays locked until the commit,
    so nobody can take the job away in between. To record exactly once, call ``finish`` in the
    same block: a worker that dies after it has also ended the job.
    """
    with transaction.atomic():
        if not _owned(lease).filter(cancel_requested=False).update(lease_until=clock.now() + LEASE):
            if _owned(lease).exists():
                raise Cancelled(f"job {lease.job_id}")
            raise LeaseLost(f"job {lease.job_id}")
        yield
        # A long block has used up the lease that it began with.
        _owned(lease).update(lease_until=clock.now() + LEASE)


def finish(lease: Lease, result: Mapping[str, Any] | None = None) -> None:
    """End the job as done. Raises LeaseLost if it is no longer this worker's."""
    _end(lease, JobState.DONE, progress=1.0, result=dict(result or {}), error="", traceback="")


def fail(lease: Lease, error: str, traceback: str = "", *, retry: bool = False) -> None:
    """Record a failure; with ``retry``, try again later while attempts are left.

    ``error`` is one plain sentence for people. Raises LeaseLost.
    """
    told: dict[str, Any] = {"error": error, "traceback": traceback}
    if retry:
        job = _owned(lease).first()
        if job is None:
            raise LeaseLost(f"job {lease.job_id}")
        if job.attempts < job.max_attempts:
            wait = timedelta(seconds=min(2**job.attempts, 60))
            if not requeue(_owned(lease), not_before=clock.now() + wait, **told):
                raise LeaseLost(f"job {lease.job_id}")
            return
    _end(lease, JobState.FAILED, **told)


def stop(lease: Lease) -> None:
    """End a job that a person cancelled. Raises LeaseLost."""
    _end(lease, JobState.CANCELLED)


def release(lease: Lease) -> None:
    """Give a job back unfinished because the worker shuts down: that was no failed attempt."""
    if requeue(_owned(lease), attempts=F("attempts") - 1):
        job = Job.objects.filter(pk=lease.job_id, state=JobState.QUEUED).first()
        if job is not None:
            transaction.on_commit(partial(ring, job), robust=True)


def cancel(job: Job) -> bool:
    """Cancel a waiting job at once, or ask a running one to stop. False if it had ended."""
    # Between the two updates a worker may claim the job, or a reconciler queue it again.
    for _ in range(3):
        waiting = Job.objects.filter(pk=job.pk, state=JobState.QUEUED)
        if end(waiting, JobState.CANCELLED):
            return True
        running = Job.objects.filter(pk=job.pk, state=JobState.RUNNING)
        if running.update(cancel_requested=True):
            return True
    return False


def tell_to_stop(job: Job) -> Job:
    """Cancel a job because a person says so. Raises JobConflictError if it has ended."""
    if not cancel(job):
        raise JobConflictError(f"“{job.title}” has ended already; nothing was cancelled.")
    job.refresh_from_db()
    return job


def retry(job: Job) -> Job:
    """Queue a failed or cancelled job anew, with all its attempts.

    Raises JobConflictError if it has not failed, or if the same work is waiting or running again.
    """
    with transaction.atomic():
        if job.key and Job.objects.filter(key=job.key, state__in=LIVE).exists():
            raise JobConflictError(f"“{job.title}” is waiting or running already.")
        ended = Job.objects.filter(pk=job.pk, state__in=(JobState.FAILED, JobState.CANCELLED))
        try:
            with transaction.atomic():
                count = ended.update(
                    state=JobState.QUEUED,
                    attempts=0,
                    cancel_requested=False,
                    progress=0.0,
                    message="",
                    error="",
                    traceback="",
                    finished=None,
                    not_before=None,
                    rung=None,
                )
        except IntegrityError:
            raise JobConflictError(f"“{job.title}” is waiting or running already.") from None
        if not count:
            raise JobConflictError(f"“{job.title}” has not failed: nothing to try again.")
        job.refresh_from_db()
        transaction.on_commit(partial(ring, job), robust=True)
    return job


def end(jobs: QuerySet[Job], state: JobState, **changes: Any) -> bool:
    """End the one job of a conditional query and tell its hooks, in one transaction."""
    with transaction.atomic():
        pk = jobs.values_list("pk", flat=True).first()
        if pk is None:
            return False
        count = jobs.filter(pk=pk).update(
            state=state,
            finished=clock.now(),
            lease_token=None,
            lease_until=None,
            not_before=None,
            **changes,
        )
        if not count:
            return False
        _tell_hooks(Job.objects.get(pk=pk))
    return True


def _end(lease: Lease, state: JobState, **changes: Any) -> None:
    if not end(_owned(lease), state, **changes):
        raise LeaseLost(f"job {lease.job_id}")


def _tell_hooks(job: Job) -> None:
    for hook in end_hooks(job.kind):
        try:
            with transaction.atomic():
                hook(job)
        except Exception:
            logger.exception("A hook failed at the end of job %s (%s).", job.pk, job.kind)


def _owned(lease: Lease) -> QuerySet[Job]:
    return Job.objects.filter(pk=lease.job_id, state=JobState.RUNNING, lease_token=lease.token)


def requeue(jobs: QuerySet[Job], **changes: Any) -> bool:
    """Put the one running job of a conditional query back into the queue.

    Where the same work waits there already (``again``), that one takes over and this one ends.
    """
    try:
        with transaction.atomic():
            return bool(
                jobs.update(
                    state=JobState.QUEUED, lease_token=None, lease_until=None, rung=None, **changes
                )
            )
    except IntegrityError:
        message = "The same work was waiting again and took over."
        return end(jobs, JobState.CANCELLED, message=message)
