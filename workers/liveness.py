"""A sign of life of each worker, for the health check of its container.

The worker's own timer touches a file, so a worker whose loop hangs stops giving the sign.
"""

import logging
import tempfile
from pathlib import Path
from typing import Any

from celery.signals import worker_ready, worker_shutdown

logger = logging.getLogger(__name__)

EVERY = 10.0  # seconds


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
    sender.timer.call_repeatedly(EVERY, _touch, (path,))


def _end(sender: Any, **_: Any) -> None:
    beat_file(sender.hostname).unlink(missing_ok=True)


worker_ready.connect(_begin)
worker_shutdown.connect(_end)
