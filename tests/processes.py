"""Real processes of Lamella on a data folder of their own, for tests to start and to kill."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]


def wait_until(condition: Callable[[], Any], *, seconds: float, what: str) -> float:
    """Wait for a condition and return how long it took; fails with ``what`` was waited for."""
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > seconds:
            raise AssertionError(f"waited {seconds} s in vain for: {what}")
        time.sleep(0.05)
    return time.monotonic() - began


class Process:
    """One process in a group of its own, with its output in a file."""

    def __init__(self, name: str, command: list[str], env: dict[str, str], log: Path) -> None:
        self.name = name
        self.log = log
        with log.open("ab") as output:
            self.popen = subprocess.Popen(
                command,
                cwd=ROOT,
                env=env,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def signal(self, number: int) -> None:
        """To the whole group: a worker and its pool processes."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.popen.pid, number)

    def kill(self) -> None:
        self.signal(signal.SIGKILL)
        self.popen.wait()

    def output(self) -> str:
        return self.log.read_text(errors="replace")


class World:
    """A data folder, and the processes that a test runs on it."""

    def __init__(self, data: Path, **variables: str) -> None:
        self.data = data
        # Nothing of the surroundings may lead these processes to another database or broker.
        foreign = ("LAMELLA_", "DJANGO_", "DATABASE_URL", "REDIS_URL")
        self.env = {
            **{k: v for k, v in os.environ.items() if not k.startswith(foreign)},
            "LAMELLA_DATA": str(data),
            "TMPDIR": str(data),  # what killed processes leave behind goes with the folder
            "LAMELLA_SECRET_KEY": "only-for-tests",
            "LAMELLA_EXTRA_APPS": "workers,tests.flows.jobapp",
            "DJANGO_SETTINGS_MODULE": "lamella.config.settings",
            "PYTHONPATH": os.pathsep.join((str(ROOT / "platform"), str(ROOT))),
            "PYTHONUNBUFFERED": "1",
            "OMP_WAIT_POLICY": "passive",
            "OMP_NUM_THREADS": "1",
            **variables,
        }
        self.processes: list[Process] = []
        self._console: subprocess.Popen[str] | None = None

    def start(self, name: str, *arguments: str) -> Process:
        """Start ``python <arguments>`` in a process group of its own."""
        command = [sys.executable, *arguments]
        log = self.data / f"{len(self.processes)}-{name}.log"
        process = Process(name, command, self.env, log)
        self.processes.append(process)
        return process

    def worker(self, name: str, queues: str = "light,heavy") -> Process:
        return self.start(
            name,
            *("-m", "celery", "-A", "workers.tasks", "worker", "-Q", queues, "-c", "1"),
            *("-n", f"{name}@%h", "--loglevel", "INFO"),
            *("--without-gossip", "--without-mingle", "--without-heartbeat"),
        )

    def manage(self, *arguments: str) -> None:
        """Run a management command to its end."""
        command = [sys.executable, "manage.py", *arguments]
        subprocess.run(command, cwd=ROOT, env=self.env, check=True)

    def ask(self, do: str, **request: Any) -> Any:
        """What the console answers (see ``tests/flows/jobapp/console.py``)."""
        if self._console is None:
            self._console = subprocess.Popen(
                [sys.executable, "-m", "tests.flows.jobapp.console"],
                cwd=ROOT,
                env=self.env,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                start_new_session=True,
            )
        assert self._console.stdin is not None
        assert self._console.stdout is not None
        self._console.stdin.write(json.dumps({"do": do, **request}) + "\n")
        self._console.stdin.flush()
        line = self._console.stdout.readline()
        assert line, "the console has ended; see its traceback above"
        return json.loads(line)

    def enqueue(self, kind: str, **params: int | str) -> str:
        job: str = self.ask("enqueue", kind=kind, params=params)
        return job

    def state(self, job: str) -> str:
        state: str = self.ask("job", job=job)["state"]
        return state

    def end(self) -> None:
        for process in self.processes:
            if process.name == "supervise":  # its processes are in groups of their own
                process.popen.terminate()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.popen.wait(timeout=15)
            process.kill()
        if self._console is not None:
            self._console.kill()
            self._console.wait()


@contextlib.contextmanager
def world(data: Path, **variables: str) -> Iterator[World]:
    """A world on a migrated database; ends all its processes, whatever happens."""
    made = World(data, **variables)
    try:
        made.manage("migrate", "--verbosity", "0")
        yield made
    finally:
        made.end()
