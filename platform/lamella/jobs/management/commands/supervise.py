"""``manage.py supervise``: the whole of Lamella on one machine, until Ctrl+C."""

import fcntl
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections

from lamella.jobs import supervision


class Command(BaseCommand):
    help = "Runs web server, workers and scheduler, restarts what dies, and ends on Ctrl+C."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="0.0.0.0: also for other machines")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--web-workers", type=int, default=1, help="web server processes")
        parser.add_argument("--threads", type=int, default=4, help="threads of each of them")

    def handle(
        self, *args: Any, host: str, port: int, web_workers: int, threads: int, **options: Any
    ) -> None:
        with _alone(settings.DATA_DIR):
            _check_port(host, port)
            logs = settings.DATA_DIR / "logs"
            logs.mkdir(parents=True, exist_ok=True)
            call_command("migrate", interactive=False, verbosity=0)
            os.environ.update(supervision.environment(settings.ROOT))
            programs = supervision.programs(
                settings.ROOT, host=host, port=port, web_workers=web_workers, threads=threads
            )
            config = settings.DATA_DIR / "supervisord.conf"
            config.write_text(supervision.configuration(programs, root=settings.ROOT, logs=logs))
            self.tell(f"Lamella starts at http://{_shown(host)}:{port}. Ctrl+C ends it.")
            self.tell(f"Logs are in {logs}")
            connections.close_all()
            supervision.run(config, self.tell_state)
            self.tell("Everything has ended.")

    def tell_state(self, name: str, state: str, pid: int) -> None:
        self.tell(f"{name:<13} {state}" + (f" (process {pid})" if pid else ""))

    def tell(self, line: str) -> None:
        try:
            self.stdout.write(f"{time.strftime('%H:%M:%S')} {line}")
            self.stdout.flush()
        except OSError:
            # The terminal is gone; the processes are to be ended properly all the same.
            return


@contextmanager
def _alone(data: Path) -> Iterator[None]:
    """One supervisor a data folder: two would write over each other's logs."""
    with (data / "supervisor.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CommandError(
                f"Lamella is running already on the data folder {data}. "
                "Stop it first, or choose another folder with LAMELLA_DATA."
            ) from None
        yield


def _check_port(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        # Connections that have just ended must not look like a server.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CommandError(
                f"Port {port} on {host} cannot be used ({error.strerror}). "
                "Stop the program that has it, or choose another port with --port."
            ) from None


def _shown(host: str) -> str:
    return "localhost" if host in ("127.0.0.1", "0.0.0.0", "::1", "::") else host  # noqa: S104
