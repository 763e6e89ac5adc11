"""Tells a running job that its worker is being stopped.

Celery's own warm shutdown waits until the task ends, which for a training may be hours. The jobs
here are resumed from their checkpoints, so they are asked to stop instead.
"""

import os
import signal
import threading
from types import FrameType
from typing import Any

from billiard import active_children  # type: ignore[import-untyped]
from celery.signals import worker_process_init, worker_shutting_down

_requested = threading.Event()


def requested() -> bool:
    return _requested.is_set()


def _note(signum: int, frame: FrameType | None) -> None:
    _requested.set()


def _listen(**_: Any) -> None:
    """In a pool process: SIGTERM is a request, not the end; the parent ends the process."""
    signal.signal(signal.SIGTERM, _note)


def _pass_on(**_: Any) -> None:
    """In the parent: a signal that reached it alone (``docker stop``) goes to its children too."""
    _requested.set()
    for child in active_children():
        try:
            os.kill(child.pid, signal.SIGTERM)
        except ProcessLookupError:
            continue


worker_process_init.connect(_listen)
worker_shutting_down.connect(_pass_on)
