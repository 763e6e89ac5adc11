"""What is logged while a job runs, kept with the job."""

import logging
import threading
import uuid

from django.db import Error

from lamella.jobs.logs import add_lines

OURS = ("lamella", "models", "workers")
"""Whose lines are kept from INFO on; of other libraries, warnings and worse."""
# While the database is away, no more lines than that wait.
_MOST = 2000

logger = logging.getLogger(__name__)


class JobLog(logging.Handler):
    """Collects what is logged in this process; ``keep`` brings it to the job.

    A worker has one job at a time, so all that its process says belongs to it.
    """

    def __init__(self, job_id: uuid.UUID) -> None:
        super().__init__(logging.INFO)
        self.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%Y-%m-%d %H:%M:%S"))
        self.worth_keeping = False
        """Whether anything was warned of or kept already, or the job says so."""
        self._job_id = job_id
        self._waiting: list[str] = []
        self._guard = threading.Lock()

    def emit(self, record: logging.LogRecord) -> None:
        ours = record.name.split(".", 1)[0] in OURS
        if not ours and record.levelno < logging.WARNING:
            return
        try:
            text = self.format(record)
        except Exception:  # a library's faulty line is no fault of the job
            self.handleError(record)
            return
        with self._guard:
            self.worth_keeping |= record.levelno >= logging.WARNING
            self._waiting += text.splitlines()
            del self._waiting[:-_MOST]

    def keep(self) -> None:
        """Write down what was collected; what cannot be written now waits for the next time."""
        with self._guard:
            lines, self._waiting = self._waiting, []
        if not lines:
            return
        self.worth_keeping = True
        try:
            add_lines(self._job_id, lines)
        except Error as error:
            with self._guard:
                self._waiting = lines + self._waiting
            logger.debug("the log of job=%s waits: %r", self._job_id, error)

    def keep_if_worth(self) -> None:
        """The many jobs that are done at once and complain of nothing need no row each."""
        if self.worth_keeping:
            self.keep()

    def __enter__(self) -> "JobLog":
        logging.getLogger().addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        logging.getLogger().removeHandler(self)
