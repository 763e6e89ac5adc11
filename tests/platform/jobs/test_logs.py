"""A job's log: in order, of bounded length, and gone with its job."""

from datetime import timedelta

import pytest
from django.utils import timezone

from lamella.jobs import logs, purge
from lamella.jobs.logs import add_lines, log_of
from lamella.jobs.models import Job, JobLog, JobState
from tests.factories import make_job

pytestmark = pytest.mark.django_db


@pytest.fixture
def job() -> Job:
    return make_job()


def test_lines_stand_in_the_order_in_which_they_were_said(job: Job) -> None:
    add_lines(job.pk, ["one", "two"])
    add_lines(job.pk, ["three"])
    assert log_of(job.pk) == "one\ntwo\nthree"


def test_who_said_nothing_has_an_empty_log(job: Job) -> None:
    assert log_of(job.pk) == ""
    assert log_of(None) == ""


def test_of_a_long_log_the_middle_is_left_out(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "FIRST", 2)
    monkeypatch.setattr(logs, "LAST", 3)
    for number in range(4):
        add_lines(job.pk, [f"{number}a", f"{number}b", f"{number}c"])
    assert log_of(job.pk).split("\n") == [
        *("0a", "0b"),
        "… 7 lines left out …",
        *("3a", "3b", "3c"),
    ]


def test_an_endless_line_is_cut(job: Job) -> None:
    add_lines(job.pk, ["x" * 5000])
    assert len(log_of(job.pk)) == logs.WIDTH


def test_what_no_database_takes_is_replaced(job: Job) -> None:
    add_lines(job.pk, ["a\0b", "half \ud800 a character"])
    assert log_of(job.pk) == "a\ufffdb\nhalf ? a character"


def test_a_log_does_not_keep_its_job_from_being_forgotten() -> None:
    job = make_job(state=JobState.DONE, finished=timezone.now() - timedelta(days=400))
    add_lines(job.pk, ["done"])
    assert purge.purge() == 1
    assert not JobLog.objects.exists()
