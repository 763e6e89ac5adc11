"""The deployment's processes started by hand: the compose file's own commands and variables, with
a real PostgreSQL and a real Redis behind them."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests import services
from tests.deployment import compose
from tests.processes import ROOT, Process, World, wait_until

pytestmark = [
    pytest.mark.processes,
    pytest.mark.postgres,
    pytest.mark.slow,
    pytest.mark.timeout(300),
]


@pytest.fixture
def live(tmp_path: Path) -> Iterator[World]:
    """Lamella's variables as the compose file gives them; the addresses are of this machine."""
    variables: dict[str, str] = {**compose.own()["web"]["environment"]}
    variables.update(
        DATABASE_URL=services.postgres_url(),
        LAMELLA_BROKER_URL=services.redis_url(),
        LAMELLA_STORE=str(tmp_path / "store"),
        LAMELLA_STORE_OPTIONS="{}",
        LAMELLA_EXTRA_APPS="workers,tests.flows.jobapp",
    )
    variables.pop("LAMELLA_DATA")
    made = World(tmp_path, **variables)
    yield made
    made.end()


def start(live: World, service: str, port: int = 0) -> Process:
    """Start a service by the command of the compose file."""
    words: list[str] = list(compose.services()[service]["command"])
    here = {"8000": str(port), "0.0.0.0": "127.0.0.1", "manage.py": str(ROOT / "manage.py")}
    return live.start(service, *(here.get(word, word) for word in words[1:]))


def get(port: int, path: str, host: str = "localhost") -> httpx.Response:
    """Ask as the proxy does: with the public name, over what was TLS outside."""
    headers = {"Host": host, "X-Forwarded-Proto": "https"}
    return httpx.get(f"http://127.0.0.1:{port}{path}", headers=headers, timeout=10)


def answers(port: int) -> bool:
    try:
        return get(port, "/").status_code == 200
    except httpx.TransportError:
        return False


def test_the_deployment_migrates_serves_pages_and_does_a_job(live: World, tmp_path: Path) -> None:
    migrate = start(live, "migrate")
    assert migrate.popen.wait(timeout=120) == 0, migrate.output()
    assert not (tmp_path / "lamella.sqlite3").exists(), "the tables are in PostgreSQL"

    port = services.free_port()
    web = start(live, "web", port)
    worker = start(live, "worker-light")
    start(live, "scheduler")
    wait_until(lambda: answers(port), seconds=120, what="the landing page")

    # Behind TLS the cookies are for TLS alone, and other names are refused.
    login = get(port, "/accounts/login/")
    assert login.status_code == 200
    assert "Secure" in login.headers["Set-Cookie"]
    assert "max-age" in login.headers["Strict-Transport-Security"]
    assert get(port, "/", host="elsewhere.example").status_code == 400

    job = live.enqueue("trial_quick")
    wait_until(lambda: live.state(job) == "done", seconds=120, what="the job")
    assert live.ask("effects", job=job) == 1
    assert live.ask("job", job=job)["attempts"] == 1

    # What the health checks of the compose file look at.
    assert (tmp_path / "scheduler.beat").exists()
    assert list(tmp_path.glob("lamella-worker-*.beat"))

    for process in (web, worker):
        process.popen.terminate()
    assert web.popen.wait(timeout=15) == 0
    assert worker.popen.wait(timeout=15) == 0
    assert not list(tmp_path.glob("lamella-worker-*.beat"))
