"""A sign of life of each worker: a file for the health check of its container, a row for the
health page.

The worker's own timer gives it, so a worker whose loop hangs stops giving the sign.
"""

import logging
import tempfile
from pathlib import Path
from typing import Any

from celery.signals import worker_ready, worker_shutdown
from django.db import DatabaseError, connection

from lamella.jobs import beats

logger = logging.getLogger(__name__)


def beat_file(name: str) -> Path:
    """Where the worker of this name (``light@host``) leaves its sign."""
    return Path(tempfile.gettempdir()) / f"lamella-worker-{name}.beat"


def _touch(path: Path) -> None:
    try:
        path.touch()
    except OSError as error:
        logger.warning("%s could not be touched: %s", path, error)


def _begin(sender: Any, **_: Any) -> None:
    path = beat_file(sender.hostname)
    _touch(path)
    _tell(sender.hostname)
    sender.timer.call_repeatedly(beats.EVERY, _touch, (path,))
    sender.timer.call_repeatedly(beats.EVERY, _tell, (sender.hostname,))


def _tell(name: str) -> None:
    """A row; the worker's name (``light@host``) begins with its queue."""
    try:
        beats.beat(name, queue=name.partition("@")[0])
    except DatabaseError as error:
        logger.warning("The sign of life of %s could not be written: %r", name, error)
    finally:
        # Processes that the pool starts later must not inherit it.
        connection.close()


def _end(sender: Any, **_: Any) -> None:
    beat_file(sender.hostname).unlink(missing_ok=True)


worker_ready.connect(_begin)
worker_shutdown.connect(_end)
