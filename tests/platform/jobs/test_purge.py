"""Jobs that ended long ago are forgotten; what is still of use stays."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone
from pytest_django import Settings

from lamella.jobs import purge
from lamella.jobs.models import Job, JobState
from tests.factories import make_job, make_run, make_study

pytestmark = pytest.mark.django_db


def ended(days: float, state: JobState = JobState.DONE, **fields: Any) -> Job:
    return make_job(state=state, finished=timezone.now() - timedelta(days=days), **fields)


def test_old_jobs_that_ended_are_forgotten_and_others_stay(settings: Settings) -> None:
    settings.JOBS_KEPT = timedelta(days=7)
    for state in (JobState.DONE, JobState.FAILED, JobState.CANCELLED):
        ended(8, state)
    kept = {
        ended(6).pk,
        make_job(state=JobState.QUEUED).pk,
        make_job(state=JobState.RUNNING).pk,
        # queued anew after it had failed long ago
        ended(8, JobState.QUEUED).pk,
    }
    assert purge.purge() == 3
    assert set(Job.objects.values_list("pk", flat=True)) == kept
    assert purge.purge() == 0


def test_the_job_of_a_training_run_stays_as_long_as_the_run_does() -> None:
    job = ended(400, kind="train")
    run = make_run(make_study(), job=job)
    ended(400)
    assert purge.purge() == 1
    run.refresh_from_db()
    assert run.job == job
    run.delete()
    assert purge.purge() == 1


def test_many_jobs_are_forgotten_portion_by_portion(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(purge, "_PORTION", 2)
    for _ in range(5):
        ended(400)
    assert purge.purge() == 5


def test_the_scheduler_forgets_old_jobs_even_where_another_duty_fails(settings: Settings) -> None:
    settings.PERIODIC = ["tests.platform.jobs.nowhere"]
    ended(400)
    call_command("scheduler", "--once")
    assert not Job.objects.exists()
    assert (settings.DATA_DIR / "scheduler.beat").exists()
