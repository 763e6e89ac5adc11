"""All processes of one machine under one supervisor, which restarts what dies.

``supervisord`` runs inside this process, so that each change of state can be told in one line.
"""

import contextlib
import os
import shlex
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from supervisor import events
from supervisor.medusa.asyncore_25 import ExitNow
from supervisor.options import ServerOptions
from supervisor.supervisord import Supervisor

# Ctrl+C to the last process gone: at most this and a second, then SIGKILL to what is left.
STOP_SECONDS = 5


@dataclass(frozen=True)
class Program:
    """One process to keep alive."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)


def programs(root: Path, *, host: str, port: int, web_workers: int, threads: int) -> list[Program]:
    """The web server, a worker for each queue and the scheduler."""
    python = sys.executable
    one_thread = {"OMP_NUM_THREADS": "1"}
    web = [
        *(python, "-m", "granian", "--interface", "wsgi", "--no-ws"),
        *("--host", host, "--port", str(port)),
        *("--workers", str(web_workers), "--blocking-threads", str(threads)),
        *("--respawn-failed-workers", "--workers-kill-timeout", "4"),
        "lamella.config.wsgi:application",
    ]
    return [
        Program("web", tuple(web), one_thread),
        Program("worker-light", _worker(python, "light"), one_thread),
        # Torch may use every core here; how its threads wait is set for all processes.
        Program("worker-heavy", _worker(python, "heavy")),
        Program("scheduler", (python, str(root / "manage.py"), "scheduler"), one_thread),
    ]


def _worker(python: str, queue: str) -> tuple[str, ...]:
    return (
        *(python, "-m", "celery", "-A", "workers.tasks", "worker"),
        *("-Q", queue, "-n", f"{queue}@%h", "--pool", "prefork", "--concurrency", "1"),
        *("--loglevel", "INFO", "--without-gossip", "--without-mingle", "--without-heartbeat"),
    )


def configuration(programs: list[Program], *, root: Path, logs: Path) -> str:
    """The text of a supervisord configuration; its words are escaped, ``%`` too."""
    lines = [
        "[supervisord]",
        "nodaemon=true",
        "silent=true",
        f"logfile={_escape(logs / 'supervisor.log')}",
        "logfile_maxbytes=10MB",
        "logfile_backups=3",
        f"pidfile={_escape(logs / 'supervisor.pid')}",
        f"directory={_escape(root)}",
        # Its default, the temporary folder, is not escaped.
        f"childlogdir={_escape(logs)}",
        "",
        # Processes of one group are stopped at the same time, not one after the other.
        "[group:lamella]",
        f"programs={','.join(program.name for program in programs)}",
    ]
    for program in programs:
        command = (sys.executable, "-m", "lamella.jobs.tied", *program.command)
        environment = ",".join(
            f'{name}="{_escape(value)}"' for name, value in program.environment.items()
        )
        lines += [
            "",
            f"[program:{program.name}]",
            f"command={_escape(shlex.join(command))}",
            f"directory={_escape(root)}",
            f"environment={environment}",
            "autostart=true",
            "autorestart=true",
            "startsecs=2",
            "startretries=1000",
            "stopsignal=TERM",
            f"stopwaitsecs={STOP_SECONDS}",
            # The parent alone is asked: it knows how to end its children.
            "stopasgroup=false",
            "killasgroup=true",
            "redirect_stderr=true",
            # supervisord expands this one twice
            f"stdout_logfile={_escape(_escape(logs / (program.name + '.log')))}",
            "stdout_logfile_maxbytes=10MB",
            "stdout_logfile_backups=3",
        ]
    return "\n".join(lines) + "\n"


def _escape(value: object) -> str:
    return str(value).replace("%", "%%")


# The last word of an event's class name, in words for people. What is not named is not told.
_STATES = {
    events.ProcessStateStartingEvent: "starting",
    events.ProcessStateRunningEvent: "running",
    events.ProcessStateBackoffEvent: "could not start; trying again",
    events.ProcessStateExitedEvent: "ended by itself; starting it again",
    events.ProcessStateFatalEvent: "does not start; given up",
    events.ProcessStateStoppingEvent: "stopping",
    events.ProcessStateStoppedEvent: "stopped",
}


class _Options(ServerOptions):  # type: ignore[misc]
    """supervisord's options, with a say in what signals mean and who hears of states."""

    tell: Callable[[str, str, int], None]

    def setsignals(self) -> None:
        super().setsignals()
        # A closed terminal ends everything; supervisord's own meaning is to start anew.
        signal.signal(signal.SIGHUP, self._end)
        # Not earlier: the supervisor forgets all subscriptions when it begins to run.
        events.subscribe(events.ProcessStateEvent, self._on_state)

    def _end(self, signum: int, frame: FrameType | None) -> None:
        self.signal_receiver.receive(signal.SIGTERM, frame)

    def _on_state(self, event: Any) -> None:
        words = _STATES.get(type(event))
        if words is not None:
            self.tell(event.process.config.name, words, event.process.pid)


def run(config: Path, tell: Callable[[str, str, int], None]) -> None:
    """Run until SIGINT, SIGTERM or SIGHUP; returns once every process has ended.

    ``tell(name, state in words, pid)`` is called at each change of state (pid 0: none).
    """
    options = _Options()
    options.tell = tell
    options.first = True
    options.test = False
    options.realize(args=["-c", str(config)])
    supervisor = Supervisor(options)
    try:
        supervisor.main()
    except ExitNow:  # how its loop ends
        return
    finally:
        _kill_what_is_left(supervisor)


def _kill_what_is_left(supervisor: Supervisor) -> None:
    """Nothing is left after an orderly end; a fault of the supervisor must leave no orphans."""
    for group in (supervisor.process_groups or {}).values():
        for process in group.processes.values():
            if process.pid:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)


def environment(root: Path) -> dict[str, str]:
    """What every process is given beside the environment of the supervisor itself."""
    path = [str(root / "platform"), str(root), os.environ.get("PYTHONPATH", "")]
    return {
        "PYTHONPATH": os.pathsep.join(part for part in path if part),
        "PYTHONUNBUFFERED": "1",
        "DJANGO_SETTINGS_MODULE": os.environ.get(
            "DJANGO_SETTINGS_MODULE", "lamella.config.settings"
        ),
        # OpenMP threads that spin while they wait slow torch down 7-12 times on a busy machine.
        "OMP_WAIT_POLICY": "passive",
    }
