import os
import subprocess
import sys

import pytest

from lamella.jobs import identity, services
from lamella.jobs.models import Job
from lamella.jobs.reconciler import reconcile


@pytest.fixture
def dead() -> str:
    """The name of a worker whose process has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return identity.own_name().rpartition(":")[0] + f":{process.pid}"


def test_a_process_that_has_ended_is_known_for_dead_and_this_one_is_not(dead: str) -> None:
    assert identity.is_surely_dead(dead)
    assert not identity.is_surely_dead(identity.own_name())


@pytest.mark.parametrize("worker", ["", "worker a", "other-machine:1-2:7", "other:?:99999999"])
def test_nothing_is_claimed_to_be_known_of_other_machines(worker: str) -> None:
    assert not identity.is_surely_dead(worker)


def test_a_name_fits_its_column() -> None:
    assert len(identity.own_name()) <= 100
    assert identity.own_name().endswith(f":{os.getpid()}")


@pytest.mark.django_db
def test_the_job_of_a_dead_process_is_queued_again_without_waiting_for_its_lease(
    dead: str,
) -> None:
    job = services.enqueue("train", params={})
    assert services.claim(job.pk, dead)
    assert reconcile().requeued == 1
    job.refresh_from_db()
    assert job.state == "queued"
    assert services.claim(job.pk, identity.own_name())
    assert reconcile().requeued == 0
    assert Job.objects.get(pk=job.pk).state == "running"
