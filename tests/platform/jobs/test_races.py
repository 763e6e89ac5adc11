"""The same steps by many at once, on both databases."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests import services
from tests.processes import ROOT, world

pytestmark = [pytest.mark.processes, pytest.mark.timeout(240)]


@pytest.mark.parametrize(
    "database", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]
)
def test_of_many_who_try_the_same_step_at_once_one_succeeds(database: str, tmp_path: Path) -> None:
    variables = {"LAMELLA_BROKER_URL": "memory://"}
    if database == "postgresql":
        variables["DATABASE_URL"] = services.postgres_url()
    with world(tmp_path, **variables) as live:
        ended = subprocess.run(
            [sys.executable, "-m", "tests.flows.jobapp.race"],
            cwd=ROOT,
            env=live.env,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    seen = json.loads(ended.stdout)
    assert set(seen.values()) == {1}, seen
    assert len(seen) == 5
