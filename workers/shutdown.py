"""Tells a running job that its worker is being stopped.

Celery's own warm shutdown waits until the task ends, which for a training may be hours. The jobs
here resume from their checkpoints, so they are asked to stop instead. The question is a byte of
memory that the parent shares with its pool processes: every signal has a meaning of its own in
the pool already.
"""

import mmap
from typing import Any

from celery.signals import worker_shutting_down

# Made before the pool is forked; anonymous and shared.
_flag = mmap.mmap(-1, 1)


def requested() -> bool:
    """Has this worker been asked to take no more work and to stop what it does?"""
    return _flag[0] == 1


def request(**_: Any) -> None:
    _flag[0] = 1


def forget() -> None:
    """Take the request back (for tests, where the process lives on)."""
    _flag[0] = 0


worker_shutting_down.connect(request)
