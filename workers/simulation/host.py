"""``python -m workers.simulation.host``: plays one cell after the other, each in a fork of itself.

Importing torch and MONAI takes longer than a round of a small cube, so it is done once, before
Django is set up: each cell's process then reads its own environment, with a database and a store of
its own. No thread is started before a fork: a fork would not have it, but what it had locked.

Asked on the standard input, a JSON line a cell: {"cell", "result", "log", "environment"}. The cell
writes {"done", "shown", "dice"} to the standard output after each round, and after its end stands
{"ended": its status}.
"""

import contextlib
import ctypes
import gc
import importlib
import json
import os
import signal
import sys
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

_PR_SET_PDEATHSIG = 1


def main(play: Callable[[Mapping[str, Any]], None] | None = None) -> None:
    """Answer until the input ends. ``play`` does what was asked, in a process of its own."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the asker ends this process, and in good time
    if play is None:
        _import_once()
        play = _play
    gc.collect()
    gc.freeze()  # else the forks would copy every page that their collectors look at
    for line in sys.stdin:
        if line.strip():
            status = _forked(json.loads(line), play)
            sys.stdout.write(json.dumps({"ended": status}) + "\n")
            sys.stdout.flush()


def _import_once() -> None:
    import torch

    for module in ("scipy.stats", "models.networks.train", "models.networks.predict"):
        importlib.import_module(module)
    torch.set_num_threads(1)


def _forked(asked: Mapping[str, Any], play: Callable[[Mapping[str, Any]], None]) -> int:
    """Play in a child, and return its exit status; below 0 the signal that ended it."""
    mine = os.getpid()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            _begin(asked, mine)
            play(asked)
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            with contextlib.suppress(Exception):
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(status)  # the parent's clean-up is not the child's
    before = signal.signal(signal.SIGTERM, lambda *_: _end(child))
    try:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    finally:
        signal.signal(signal.SIGTERM, before)


def _end(child: int) -> None:
    """Told to end: the cell first, which on some systems nobody else would end."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)
    os._exit(128 + signal.SIGTERM)


def _begin(asked: Mapping[str, Any], parent: int) -> None:
    # Whoever forks is forgotten by the kernel's promise to end this process with its parent.
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        os._exit(1)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    log = os.open(asked["log"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(log, sys.stderr.fileno())
    os.environ.update(asked["environment"])


def _play(asked: Mapping[str, Any]) -> None:
    import django

    django.setup()
    _keep_connection()
    from workers.simulation.answer import answer

    answer(Path(asked["cell"]), Path(asked["result"]))


def _keep_connection() -> None:
    """Neither close the cell's database after each job nor wait for the disk: what a crash leaves
    of a cell is thrown away."""
    from django.db import connections

    mine = connections.settings["default"]
    mine["CONN_MAX_AGE"] = None
    if mine["ENGINE"] == "django.db.backends.sqlite3":
        mine["OPTIONS"]["init_command"] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;"


if __name__ == "__main__":
    main()
