"""Names of workers, which tell on their own machine whether a worker still lives.

A lease lapses ten seconds after a worker's last word. Where the scheduler sees the same processes
as the worker, it need not wait that long.
"""

import os
import socket
from pathlib import Path


def _place() -> str:
    """The machine and the container; two of one name see the same processes."""
    try:
        space = Path("/proc/self/ns/pid").stat().st_ino
        boot = Path("/proc/sys/kernel/random/boot_id").read_text()[:8]
    except OSError:
        return f"{socket.gethostname()}:?"
    return f"{socket.gethostname()}:{boot}-{space}"


def own_name() -> str:
    """The name of this process as a worker."""
    return f"{_place()}:{os.getpid()}"[-100:]


def is_surely_dead(worker: str) -> bool:
    """Has the process of this name ended? False where that cannot be known from here.

    A process id that another process has got since looks alive; then the lease decides.
    """
    place, _, process = worker.rpartition(":")
    if place.endswith("?") or place != _place() or not process.isdecimal():
        return False
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
