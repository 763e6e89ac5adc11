"""Runs cells, each in a process with a database and a store of its own, and keeps their results.

As many hosts (see `workers.simulation.host`) are kept as cells are played at a time.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from django.conf import settings

from workers.simulation.cell import OPENINGS, Cell
from workers.simulation.ending import ended_in_order

Result = dict[str, Any]
Tell = Callable[[Cell, dict[str, Any]], None]


class CellError(Exception):
    """A cell could not be played; the text says why."""


def cache_folder() -> Path:
    """Where results are kept: LAMELLA_CELLS, or var/cells of the project."""
    given = os.environ.get("LAMELLA_CELLS")
    folder = Path(given) if given else Path(settings.ROOT) / "var" / "cells"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def cached(cell: Cell) -> Result | None:
    """The cell's result if it was played before; a damaged file counts as none."""
    path = cache_folder() / f"{cell.key}.json"
    try:
        stored = json.loads(path.read_text())
    except (OSError, ValueError):
        return None
    return dict(stored["result"])


def play_all(cells: Sequence[Cell], *, jobs: int, tell: Tell) -> list[Result]:
    """Results of the cells, in their order; ``jobs`` at a time, one thread each.

    ``tell`` hears {"state": "cached" | "begun" | "ended"} and {"done", "shown", "dice"} of cells,
    from several threads. Raises CellError of the first cell that failed, once the running ones
    have been ended.
    """
    pool = _Pool(tell)
    results: list[Result | None] = [cached(cell) for cell in cells]
    for cell, result in zip(cells, results, strict=True):
        if result is not None:
            tell(cell, {"state": "cached"})
    missing = [i for i, result in enumerate(results) if result is None]
    if missing:
        with ended_in_order(), tempfile.TemporaryDirectory(prefix="lamella-cells-") as folder:
            pool.prepare(Path(folder))
            with ThreadPoolExecutor(max_workers=max(1, jobs)) as threads:
                futures = {i: threads.submit(pool.play, cells[i]) for i in missing}
                try:
                    for i, future in futures.items():
                        results[i] = future.result()
                except BaseException:
                    pool.stop()
                    threads.shutdown(wait=True, cancel_futures=True)
                    raise
                finally:
                    pool.stop()
    return [result for result in results if result is not None]


class _Pool:
    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._hosts: set[subprocess.Popen[str]] = set()
        self._own = threading.local()
        self._lock = threading.Lock()
        self._stopped = False
        self._folder = Path()

    def prepare(self, folder: Path) -> None:
        """An empty database with all tables, which every cell begins with a copy of."""
        self._folder = folder
        made = folder / "empty"
        made.mkdir()
        done = subprocess.run(
            [sys.executable, str(settings.ROOT / "manage.py"), "migrate", "--verbosity", "0"],
            env=_environment(made),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise CellError(f"No database could be made for the simulation:\n{done.stderr}")

    def play(self, cell: Cell) -> Result:
        """Play one cell and keep its result."""
        if self._stopped:
            raise CellError("The simulation was stopped.")
        again = cached(cell)  # another process may have played it meanwhile
        if again is not None:
            self._tell(cell, {"state": "cached"})
            return again
        self._tell(cell, {"state": "begun"})
        folder = Path(tempfile.mkdtemp(dir=self._folder))
        try:
            shutil.copy(self._folder / "empty" / "lamella.sqlite3", folder / "lamella.sqlite3")
            result = self._run(cell, folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        _keep(cell, result)
        self._tell(cell, {"state": "ended", "seconds": result.get("wall_seconds")})
        return result

    def _run(self, cell: Cell, folder: Path) -> Result:
        asked, answer, log = folder / "cell.json", folder / "result.json", folder / "log"
        asked.write_text(json.dumps(cell.to_json(), default=dict))
        files = {"cell": str(asked), "result": str(answer), "log": str(log)}
        places = _own_places(folder) | {OPENINGS: str(self._folder / "openings")}
        status = self._ask({**files, "environment": places}, cell)
        if not answer.exists():
            if self._stopped:
                raise CellError("The simulation was stopped.")
            told = log.read_text(errors="replace") if log.exists() else ""
            tail = "\n".join(told.splitlines()[-15:])
            raise CellError(f"The cell “{cell.words}” ended with code {status}:\n{tail}")
        result: Result = json.loads(answer.read_text())
        if "error" in result:
            raise CellError(f"The cell “{cell.words}” failed: {result['error']}")
        return result

    def _ask(self, asked: dict[str, Any], cell: Cell) -> int | None:
        """Have this thread's host play a cell; its exit status, or the host's if that ended."""
        host = self._host()
        assert host.stdin is not None
        assert host.stdout is not None
        try:
            host.stdin.write(json.dumps(asked) + "\n")
            host.stdin.flush()
            for line in host.stdout:
                if not line.startswith("{"):
                    continue
                news = json.loads(line)
                if "ended" in news:
                    return int(news["ended"])
                self._tell(cell, news)
        except BrokenPipeError:
            pass
        return host.wait()

    def _host(self) -> subprocess.Popen[str]:
        """The host of the calling thread."""
        host: subprocess.Popen[str] | None = getattr(self._own, "host", None)
        if host is not None and host.poll() is None:
            return host
        # Tied: however this process ends, the host ends with it.
        program = [sys.executable, "-m", "workers.simulation.host"]
        with self._lock:
            if self._stopped:
                raise CellError("The simulation was stopped.")
            host = subprocess.Popen(
                [sys.executable, "-m", "lamella.jobs.tied", *program],
                env=_environment(self._folder / "empty"),
                cwd=settings.ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            self._hosts.add(host)
        self._own.host = host
        return host

    def stop(self) -> None:
        """End the hosts and the cells they play; those that wait are not begun."""
        with self._lock:
            self._stopped = True
            for host in self._hosts:
                host.terminate()
        for host in self._hosts:
            host.wait()


def _own_places(folder: Path) -> dict[str, str]:
    """What differs from cell to cell."""
    return {
        "LAMELLA_DATA": str(folder),
        "DATABASE_URL": f"sqlite:///{folder / 'lamella.sqlite3'}",
        "LAMELLA_STORE": str(folder / "store"),
    }


def _environment(folder: Path) -> dict[str, str]:
    own = {
        **_own_places(folder),
        "DJANGO_SETTINGS_MODULE": "lamella.config.settings",
        "LAMELLA_STORE_OPTIONS": "{}",
        "LAMELLA_BROKER_URL": "memory://",
        "LAMELLA_SECRET_KEY": "a database of its own that nobody signs in to",
        "LAMELLA_LOG_LEVEL": "WARNING",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "OMP_WAIT_POLICY": "passive",
        "PYTHONPATH": os.pathsep.join([str(settings.ROOT / "platform"), str(settings.ROOT)]),
    }
    return {**os.environ, **own}


def _keep(cell: Cell, result: Result) -> None:
    path = cache_folder() / f"{cell.key}.json"
    partial = path.with_suffix(f".{os.getpid()}-{threading.get_ident()}.partial")
    partial.write_text(json.dumps({"cell": cell.to_json(), "result": result}, default=dict))
    partial.replace(path)
