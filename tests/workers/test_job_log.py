"""What is logged while a job runs stays with the job, where it is worth a row."""

import logging
from typing import Any

import pytest
from django.db import OperationalError

from lamella.jobs import services
from lamella.jobs.logs import log_of
from lamella.jobs.models import Job, JobLog
from workers import job_log
from workers.job_log import JobLog as Collecting
from workers.runner import JobContext, run_job

pytestmark = pytest.mark.django_db

ours = logging.getLogger("workers.handlers.trial")
theirs = logging.getLogger("somelibrary")


def told(job: Job) -> str:
    run_job(str(job.pk))
    return log_of(job.pk)


def test_a_quick_job_that_complains_of_nothing_leaves_no_row(job_of: Any) -> None:
    def handler(ctx: JobContext) -> None:
        ours.info("all is well")

    assert told(job_of(handler)) == ""


def test_a_job_that_warns_keeps_all_that_it_said_from_its_begin_to_its_end(job_of: Any) -> None:
    def handler(ctx: JobContext) -> None:
        ours.info("first")
        theirs.info("chatter of a library")
        theirs.warning("a library warns")

    first, *between, last = (line.split(" ", 2)[2] for line in told(job_of(handler)).split("\n"))
    assert first.endswith("attempt=1 begins")
    assert between == ["first", "a library warns"]
    assert " done after " in last


def test_the_trace_of_a_fault_is_in_the_log(job_of: Any) -> None:
    def handler(ctx: JobContext) -> None:
        raise ZeroDivisionError("secret detail")

    found = told(job_of(handler))
    assert "Traceback (most recent call last):" in found
    assert "ZeroDivisionError: secret detail" in found


def test_nothing_is_heard_once_the_job_is_over(job_of: Any) -> None:
    job = job_of(lambda ctx: theirs.warning("within"))
    assert "within" in told(job)
    theirs.warning("after")
    assert "after" not in log_of(job.pk).replace("done after", "")


def test_a_faulty_line_of_a_library_fails_no_job(
    job_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging, "raiseExceptions", False)  # or it is printed

    def handler(ctx: JobContext) -> None:
        theirs.warning("three %s of %s", "one")
        ours.warning("goes on")

    job = job_of(handler)
    assert run_job(str(job.pk)) == "done"
    assert "goes on" in log_of(job.pk)


def test_what_was_said_is_there_once_the_end_is_recorded(
    job_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = job_of(lambda ctx: ours.warning("look here"))
    seen: list[str] = []
    finish = services.finish

    def finishing(lease: services.Lease, result: Any = None) -> None:
        seen.append(log_of(job.pk))
        finish(lease, result)

    monkeypatch.setattr(services, "finish", finishing)
    run_job(str(job.pk))
    assert "look here" in seen[0]


def test_while_the_database_is_away_lines_wait_in_their_order(
    job_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = job_of(lambda ctx: None)

    def away(*_: object) -> None:
        raise OperationalError("database is locked")

    with Collecting(job.pk) as log:
        ours.info("one")
        with monkeypatch.context() as patched:
            patched.setattr(job_log, "add_lines", away)
            log.keep()
        assert not JobLog.objects.exists()
        ours.info("two")
        log.keep()
    assert [line.split(" ")[-1] for line in log_of(job.pk).split("\n")] == ["one", "two"]
