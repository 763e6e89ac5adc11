"""The process that forks the cells of a simulation."""

import os
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from django.db import connections

from workers.simulation.host import _forked, _keep_connection

pytestmark = [pytest.mark.processes]


def asked(folder: Path, name: str) -> dict[str, Any]:
    place = folder / name
    place.mkdir()
    files = {what: str(place / what) for what in ("cell", "result", "log")}
    return {**files, "environment": {"LAMELLA_STORE": str(place / "store")}}


def test_each_cell_has_an_environment_of_its_own(tmp_path: Path) -> None:
    def play(given: Mapping[str, Any]) -> None:
        Path(given["result"]).write_text(os.environ["LAMELLA_STORE"])

    before = dict(os.environ)
    for name in ("one", "other"):
        assert _forked(asked(tmp_path, name), play) == 0
        assert (tmp_path / name / "result").read_text() == str(tmp_path / name / "store")
    assert dict(os.environ) == before


def test_a_cell_that_fails_says_why_in_its_log_and_the_host_goes_on(tmp_path: Path) -> None:
    def fail(given: Mapping[str, Any]) -> None:
        raise RuntimeError("the disk is full")

    def be_killed(given: Mapping[str, Any]) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    assert _forked(asked(tmp_path, "one"), fail) == 1
    assert "the disk is full" in (tmp_path / "one" / "log").read_text()
    assert _forked(asked(tmp_path, "other"), be_killed) == -signal.SIGKILL


@pytest.mark.django_db
def test_a_cells_database_is_kept_open_and_does_not_wait_for_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = {
        **connections.settings["default"],
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": tmp_path / "cell.sqlite3",
        "OPTIONS": {"init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"},
        "CONN_MAX_AGE": 0,
    }
    monkeypatch.setattr(connections, "settings", {"default": own})
    _keep_connection()
    connection = connections.create_connection("default")
    with connection.cursor() as cursor:
        assert cursor.execute("PRAGMA synchronous").fetchone() == (0,)
        assert cursor.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close_if_unusable_or_obsolete()
    assert connection.connection is not None
    connection.close()
