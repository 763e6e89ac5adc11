"""The supervisor with all its real processes."""

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes import ROOT, Process, World, wait_until, world
from tests.services import free_port

pytestmark = [pytest.mark.processes, pytest.mark.slow, pytest.mark.timeout(300)]

PROGRAMS = ("web", "worker-light", "worker-heavy", "scheduler")


@pytest.fixture
def live(tmp_path: Path) -> Iterator[World]:
    data = tmp_path / "data of 100%"  # a name that configuration files stumble over
    data.mkdir()
    with world(data, LAMELLA_BROKER_URL="filesystem://") as made:
        yield made


def processes_of(live: World) -> dict[int, str]:
    """Every process that works on the data folder, by id; without the console."""
    mark = f"LAMELLA_DATA={live.data}".encode()
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (folder / "environ").read_bytes().split(b"\0"):
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                if "console" not in command and command:
                    found[int(folder.name)] = command
        except OSError:
            continue
    return found


def running(supervisor: Process, program: str) -> list[int]:
    """The process ids that the supervisor told for a program, in order."""
    lines = [line.split() for line in supervisor.output().splitlines()]
    return [int(line[-1][:-1]) for line in lines if line[1:3] == [program, "running"]]


def answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def test_everything_runs_what_dies_comes_back_and_ctrl_c_leaves_nothing_behind(
    live: World, tmp_path: Path
) -> None:
    port = free_port()
    supervisor = live.start("supervise", "manage.py", "supervise", "--port", str(port))
    wait_until(
        lambda: all(running(supervisor, program) for program in PROGRAMS) and answers(port),
        seconds=120,
        what="all four processes and a page",
    )
    assert f"http://localhost:{port}" in supervisor.output()
    assert str(live.data / "logs") in supervisor.output()

    heavy = running(supervisor, "worker-heavy")[0]
    job = live.enqueue("trial_train", folder=str(tmp_path), steps=200)
    wait_until(lambda: live.state(job) == "running", seconds=40, what="the job")
    os.killpg(heavy, signal.SIGKILL)
    wait_until(
        lambda: len(running(supervisor, "worker-heavy")) == 2, seconds=20, what="a new worker"
    )
    wait_until(
        lambda: live.ask("job", job=job)["attempts"] == 2, seconds=40, what="a second attempt"
    )

    supervisor.popen.send_signal(signal.SIGINT)
    took = wait_until(lambda: supervisor.popen.poll() is not None, seconds=20, what="the end")
    assert took < 10
    assert supervisor.popen.returncode == 0
    assert processes_of(live) == {}
    assert not answers(port)
    after = live.ask("job", job=job)
    assert (after["state"], after["attempts"]) == ("queued", 1), "given back, not lost"
    assert "Everything has ended." in supervisor.output()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a dead parent's children")
def test_a_supervisor_that_is_killed_takes_its_processes_with_it(live: World) -> None:
    supervisor = live.start("supervise", "manage.py", "supervise", "--port", str(free_port()))
    wait_until(
        lambda: all(running(supervisor, program) for program in PROGRAMS),
        seconds=120,
        what="all four processes",
    )
    supervisor.kill()
    wait_until(lambda: not processes_of(live), seconds=30, what="the last process to end")


def supervise(live: World, port: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", "supervise", "--port", str(port)],
        cwd=ROOT,
        env=live.env,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_a_port_that_is_taken_is_refused_with_one_sentence(tmp_path: Path) -> None:
    live = World(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        ended = supervise(live, port)
    assert ended.returncode == 1
    assert f"Port {port} on 127.0.0.1 cannot be used" in ended.stderr
    assert "--port" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not (tmp_path / "lamella.sqlite3").exists(), "refused before anything is done"
