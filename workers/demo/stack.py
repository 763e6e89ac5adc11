"""The whole of Lamella as child processes, for as long as a demo needs it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

import httpx
from django.conf import settings

_START_SECONDS = 90.0


class StackError(Exception):
    """The processes did not start, or died; the text says what to look at."""


class Stack:
    """Starts the supervisor, waits until the pages answer, and ends everything at the exit."""

    def __init__(self, port: int) -> None:
        self.url = f"http://localhost:{port}"
        self._port = port
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        logs = settings.DATA_DIR / "logs"
        logs.mkdir(parents=True, exist_ok=True)
        with (logs / "supervise.log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    # Tied: however this process ends, the others end with it.
                    sys.executable,
                    "-m",
                    "lamella.jobs.tied",
                    sys.executable,
                    str(settings.ROOT / "manage.py"),
                    "supervise",
                    "--port",
                    str(self._port),
                ],
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=settings.ROOT,
                env={
                    **os.environ,
                    "LAMELLA_DATA": str(settings.DATA_DIR),
                    "PYTHONPATH": os.pathsep.join(
                        [str(settings.ROOT / "platform"), os.environ.get("PYTHONPATH", "")]
                    ),
                },
                # Ctrl+C reaches this process first, which then ends the others in order.
                start_new_session=True,
            )
        try:
            self.wait(self._answers, _START_SECONDS)
        except BaseException:
            self.stop()
            raise
        return self

    def _answers(self) -> bool:
        try:
            return httpx.get(self.url, timeout=5).status_code < 500
        except httpx.TransportError:
            return False

    def wait(self, done: Callable[[], bool], seconds: float, pause: float = 0.5) -> None:
        """Wait until ``done``. Raises StackError after ``seconds``, or when the stack died."""
        deadline = time.monotonic() + seconds
        while not done():
            self.check()
            if time.monotonic() > deadline:
                raise StackError(
                    f"Nothing happened for {seconds:.0f} seconds; "
                    f"the logs in {settings.DATA_DIR / 'logs'} say why."
                )
            time.sleep(pause)

    def check(self) -> None:
        if self._process is not None and self._process.poll() is not None:
            log = settings.DATA_DIR / "logs" / "supervise.log"
            raise StackError(f"Lamella ended by itself; the end of {log} says why.")

    def stop(self) -> None:
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
