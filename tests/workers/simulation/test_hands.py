"""Simulated people are asked for a task only while its consensus asks for more."""

from pathlib import Path

import pytest

from lamella.consensus.models import Consensus
from lamella.rounds.models import Task
from tests.flows.tiny import blobs
from tests.workers.simulation.test_play import QUICK, cell
from workers.simulation.play import play

pytestmark = [pytest.mark.django_db(transaction=True)]


def test_nobody_draws_a_task_that_others_have_settled(tmp_path: Path) -> None:
    settings = {**QUICK, "simulation": {"redundancy": 4}, "crowd": {"gain": 1.0, "risk": 0.0}}
    asked = cell(tmp_path, *blobs((20, 48, 48)), volunteers="cast", rounds=1, settings=settings)
    first, *_ = play(asked)["rounds"]
    tasks = Task.objects.filter(round__number=0)
    assert first["classifications"] == 2 * tasks.count()
    assert all(task.redundancy == 4 for task in tasks)
    reasons = Consensus.objects.filter(current=True).values_list("reason", flat=True)
    assert all("one more would lower" in reason for reason in reasons)
