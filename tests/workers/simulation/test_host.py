"""The process that forks the cells of a simulation."""

import os
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from workers.simulation.host import _forked

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
