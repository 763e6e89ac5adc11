"""The heartbeat of a running job: a thread beside the work that keeps its lease."""

import logging
import threading
from types import TracebackType
from typing import Self

from django.db import connection

from lamella.jobs import services
from lamella.jobs.errors import JobStopped, LeaseLost
from lamella.jobs.services import Lease
from workers.job_log import JobLog

logger = logging.getLogger(__name__)


class Pulse(threading.Thread):
    """Renews a lease every two seconds, tells the progress, brings the log to the job, and hears
    what the job must stop for.

    ``reason`` is set once the work should stop, and stays. A database that is locked, full or
    away for a while stops nothing: the next beat tries again, and should the lease lapse and be
    given to another worker meanwhile, its token keeps this one from recording.
    """

    def __init__(self, lease: Lease, log: JobLog) -> None:
        super().__init__(name=f"pulse of {lease.job_id}", daemon=True)
        self.reason: JobStopped | None = None
        self._lease = lease
        self.log = log
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._news: tuple[float, str] | None = None

    def tell(self, progress: float, message: str) -> None:
        """Leave word of the progress (0 to 1) for the next beat."""
        with self._lock:
            self._news = (progress, message)

    def stop_for(self, reason: JobStopped) -> None:
        """Note why the work should stop, unless there is a reason already."""
        if self.reason is None:
            self.reason = reason

    def run(self) -> None:
        try:
            while not self._over.wait(services.HEARTBEAT.total_seconds()):
                self._beat()
                if isinstance(self.reason, LeaseLost):
                    return
        finally:
            connection.close()

    def _beat(self) -> None:
        with self._lock:
            news, self._news = self._news, None
        try:
            if news is None:
                services.heartbeat(self._lease)
            else:
                services.heartbeat(self._lease, progress=news[0], message=news[1])
            self.log.keep()
        except JobStopped as reason:
            # A lost lease outweighs a cancellation: nothing may be recorded any more.
            if isinstance(reason, LeaseLost):
                self.reason = reason
            else:
                self.stop_for(reason)
        except Exception as error:
            logger.warning("job=%s missed a heartbeat: %r", self._lease.job_id, error)
            with self._lock:
                self._news = self._news or news
            connection.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        # A beat that waits for a locked database must not hold up the worker.
        self.join(timeout=5)
