"""Signs of life of the scheduler and the workers, with how busy their machines are.

A row each, renewed every few seconds; who stops renewing it is missed on the health page.
"""

import csv
import os
import shutil
import subprocess
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from lamella.jobs import clock
from lamella.jobs.models import Beat

EVERY = 10.0
"""Seconds between two beats."""
MISSED = timedelta(seconds=45)
"""After which somebody is missed."""
FORGOTTEN = timedelta(days=2)
"""After which a row is dropped: machines come and go."""

SCHEDULER = "scheduler"
_last: dict[str, float] = {}


def beat(name: str, queue: str = "") -> None:
    """Leave a sign of life, and what this machine is doing."""
    Beat.objects.update_or_create(
        name=name[:120], defaults={"queue": queue, "seen": clock.now(), "load": machine_load()}
    )


def scheduler_beat() -> None:
    """The scheduler's own, no oftener than EVERY; also drops rows of machines that are gone."""
    now = time.monotonic()
    if now - _last.get(SCHEDULER, -EVERY) < EVERY:
        return
    _last[SCHEDULER] = now
    beat(SCHEDULER)
    Beat.objects.filter(seen__lt=clock.now() - FORGOTTEN).delete()


def machine_load() -> dict[str, Any]:
    """{"busy": share of the processors, "memory": share taken, "gpus": [...]}, as far as known."""
    found: dict[str, Any] = {"gpus": gpus()}
    try:
        found["busy"] = round(os.getloadavg()[0] / (os.cpu_count() or 1), 3)
        memory = _memory(Path("/proc/meminfo").read_text())
        found["memory"] = round(1 - memory["MemAvailable"] / memory["MemTotal"], 3)
    except (OSError, KeyError):  # not Linux
        pass
    return found


def _memory(text: str) -> dict[str, int]:
    return {
        name: int(rest.split()[0])
        for line in text.splitlines()
        for name, _, rest in [line.partition(":")]
    }


_FIELDS = ("name", "utilization.gpu", "memory.used", "memory.total")


def gpus() -> list[dict[str, Any]]:
    """[{"name", "busy": 0 to 1, "memory": share taken, "megabytes"}]; empty without NVIDIA's."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return []
    try:
        told = subprocess.run(
            [tool, f"--query-gpu={','.join(_FIELDS)}", "--format=csv,noheader,nounits"],
            capture_output=True,
            text=True,
            timeout=5,
            check=True,
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return []
    return [_gpu(row) for row in csv.reader(told.splitlines(), skipinitialspace=True) if row]


def _gpu(row: list[str]) -> dict[str, Any]:
    name, busy, used, total = row
    known = used.isdecimal() and total.isdecimal()
    return {
        "name": name,
        "busy": int(busy) / 100 if busy.isdecimal() else None,
        "memory": round(int(used) / int(total), 3) if known else None,
        "megabytes": int(total) if known else None,
    }
