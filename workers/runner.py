"""Runs one job: claim, hand over to its handler, record how it ended.

A handler is a function in ``workers/handlers/<kind>.py``::

    @handler("train")
    def run(ctx: JobContext) -> dict[str, object]: ...

The module is imported only once a job of its kind has been claimed, so that claiming never waits
for torch. Running a handler twice must be harmless: it begins from its last checkpoint and
records through ``ctx.effect()``.
"""

import errno
import importlib
import logging
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.db import InterfaceError, OperationalError

from lamella.jobs import identity, services
from lamella.jobs.connections import drop_dead_connections
from lamella.jobs.errors import (
    Cancelled,
    JobStopped,
    LeaseLost,
    ShuttingDown,
    TransientError,
    UserError,
)
from lamella.jobs.models import Job
from lamella.jobs.services import Lease
from workers import shutdown
from workers.job_log import JobLog
from workers.pulse import Pulse

logger = logging.getLogger(__name__)

Result = Mapping[str, Any]
Handler = Callable[["JobContext"], Result | None]

_HANDLERS: dict[str, Handler] = {}

# Faults of the surroundings, which may pass by themselves.
_TRANSIENT = (TransientError, OperationalError, InterfaceError, ConnectionError, TimeoutError)


def handler(kind: str) -> Callable[[Handler], Handler]:
    """Register the function that does the jobs of a kind."""

    def register(function: Handler) -> Handler:
        _HANDLERS[kind] = function
        return function

    return register


def load_handler(kind: str) -> Handler:
    """The handler of a kind; imports ``workers.handlers.<kind>`` when it is first asked for."""
    if kind not in _HANDLERS:
        importlib.import_module(f"workers.handlers.{kind}")
    return _HANDLERS[kind]


class JobContext:
    """What a handler knows of its job, and how it speaks to the world.

    Attributes
    ----------
    job : the row as it was when the job was claimed (``attempts`` counts this one).
    params : the job's parameters.
    lease : the right to record.
    """

    def __init__(self, job: Job, lease: Lease, pulse: Pulse) -> None:
        self.job = job
        self.params: dict[str, Any] = dict(job.params)
        self.lease = lease
        self.finished = False
        self.told_to_stop = False
        self._finishing = False
        self._pulse = pulse

    def progress(self, done: float, total: float, message: str = "") -> None:
        """Tell people how far the work is; cheap, may be called at every step.

        Raises Cancelled, ShuttingDown or LeaseLost where the work has to stop. Let it through.
        """
        self._pulse.tell(done / total if total else 0.0, message)
        self.check()

    def keep_log(self) -> None:
        """Keep what is logged from here on even where the job turns out to be quick."""
        self._pulse.log.worth_keeping = True

    def should_stop(self) -> bool:
        """Has the work to stop? For handlers that save a checkpoint first, then return."""
        self.told_to_stop = self._reason() is not None
        return self.told_to_stop

    def check(self) -> None:
        """Raise the reason for which the work has to stop, if there is one."""
        reason = self._reason()
        if reason is not None:
            raise reason

    @contextmanager
    def effect(self) -> Iterator[None]:
        """The transaction in which to record what the job brought about.

        It runs for the job's owner alone; LeaseLost or Cancelled is raised before the block. Call
        ``finish`` within it and nothing is ever recorded twice, whatever dies when.
        """
        drop_dead_connections()  # one that was idle through hours of training may be dead
        self._pulse.log.keep_if_worth()  # whoever sees the end finds what was said before it
        self._finishing = False
        with services.effect(self.lease):
            yield
        # Only now is it certain: until here the block might have been rolled back.
        self.finished = self._finishing

    def finish(self, result: Result | None = None) -> None:
        """End the job as done, together with what the surrounding ``effect`` block records."""
        services.finish(self.lease, result)
        self._finishing = True

    def _reason(self) -> JobStopped | None:
        if shutdown.requested():
            self._pulse.stop_for(ShuttingDown("the worker is shutting down"))
        return self._pulse.reason


def run_job(job_id: str, *, worker: str | None = None) -> str:
    """Do a job if it is to be had, and return how it went.

    One of "taken" (somebody else's, or over), "done", "failed", "later" (will be tried again),
    "cancelled", "released" (the worker shuts down) and "lost" (another worker may have it).
    """
    drop_dead_connections()
    if shutdown.requested():
        return "taken"  # the reconciler rings for it once a worker is back
    lease = services.claim(job_id, worker or identity.own_name())
    if lease is None:
        logger.info("job=%s is not to be had", job_id)
        return "taken"
    job = Job.objects.get(pk=lease.job_id)
    began = time.monotonic()
    outcome = "ended"
    with JobLog(job.pk) as log:
        logger.info("job=%s kind=%s attempt=%d begins", job.pk, job.kind, job.attempts)
        try:
            with Pulse(lease, log) as pulse:
                outcome = _work(JobContext(job, lease, pulse), log)
        except LeaseLost:
            outcome = "lost"
        finally:
            seconds = time.monotonic() - began
            logger.info("job=%s kind=%s %s after %.1f s", job.pk, job.kind, outcome, seconds)
            if outcome != "lost":  # or the log is another worker's by now
                log.keep_if_worth()
    return outcome


def _work(ctx: JobContext, log: JobLog) -> str:
    """Run the handler and record the end. Raises LeaseLost."""
    lease = ctx.lease

    def persist(record: Callable[[], None]) -> None:
        log.keep_if_worth()  # whoever sees the end finds what was said before it
        _persist(record)

    try:
        try:
            result = load_handler(ctx.job.kind)(ctx)
        finally:
            # However it ended: a handler that was told to stop and did so was stopped.
            if ctx.told_to_stop and not ctx.finished:
                ctx.check()
        if ctx.finished:
            return "done"
        persist(lambda: services.finish(lease, result))
        return "done"
    except LeaseLost:
        raise
    except Cancelled:
        persist(lambda: services.stop(lease))
        return "cancelled"
    except ShuttingDown:
        persist(lambda: services.release(lease))
        return "released"
    except SystemExit:  # a signal that ends the process at once
        persist(lambda: services.release(lease))
        raise
    except Exception as error:
        if ctx.finished:  # what it was for is recorded; the rest is for the log
            logger.exception("job=%s failed after its effect was recorded", ctx.job.pk)
            return "done"
        logger.exception("job=%s kind=%s raised", ctx.job.pk, ctx.job.kind)
        sentence, trace, retry = sentence_of(error), traceback.format_exc(), _may_pass(error)
        persist(lambda: services.fail(lease, sentence, trace, retry=retry))
        return "later" if retry and ctx.job.attempts < ctx.job.max_attempts else "failed"


def _may_pass(error: Exception) -> bool:
    return isinstance(error, _TRANSIENT) or _is_full_disk(error)


def _is_full_disk(error: Exception) -> bool:
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)


def sentence_of(error: Exception) -> str:
    """What a person is told about a fault: one plain sentence or two."""
    if isinstance(error, UserError | TransientError) and str(error):
        return str(error)
    if _is_full_disk(error):
        return "The disk is full. Free some space on the server, then try again."
    if isinstance(error, MemoryError):
        return "The worker ran out of memory. Give it more, or use smaller settings, and try again."
    return (
        f"The job failed because of a fault in the program ({type(error).__name__}). "
        "The log has the details."
    )


def _persist(record: Callable[[], None]) -> None:
    """Record an end; try for a while where the database is locked or away.

    Should it stay away, the lease lapses and the reconciler has the job done again.
    """
    for wait in (0.5, 1.0, 2.0, 4.0, None):
        try:
            drop_dead_connections()
            record()
            return
        except (OperationalError, InterfaceError) as error:
            if wait is None:
                raise
            logger.warning("The end of a job could not be recorded, trying again: %r", error)
            time.sleep(wait)
