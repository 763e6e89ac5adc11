import errno
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError

from lamella.jobs import services
from lamella.jobs.errors import Cancelled, LeaseLost, TransientError, UserError
from lamella.jobs.models import Job
from workers import shutdown
from workers.job_log import JobLog
from workers.pulse import Pulse
from workers.runner import Handler, JobContext, run_job

pytestmark = pytest.mark.django_db


@pytest.fixture
def shut_down() -> Iterator[Callable[[], None]]:
    yield shutdown.request
    shutdown.forget()


def run(job: Job) -> str:
    outcome = run_job(str(job.pk))
    job.refresh_from_db()
    return outcome


def raising(error: Exception) -> Handler:
    def handler(ctx: JobContext) -> None:
        raise error

    return handler


def test_a_job_gets_its_parameters_and_its_result_is_kept(job_of: Any) -> None:
    job = job_of(lambda ctx: {"doubled": 2 * ctx.params["size"]})
    assert run(job) == "done"
    assert (job.state, job.result, job.progress) == ("done", {"doubled": 6}, 1.0)


def test_the_same_message_delivered_again_does_nothing(job_of: Any) -> None:
    times: list[int] = []
    job = job_of(lambda ctx: times.append(1))
    assert [run(job), run(job), run(job)] == ["done", "taken", "taken"]
    assert times == [1]


def test_a_fault_that_a_person_can_mend_is_shown_in_its_own_words(job_of: Any) -> None:
    job = job_of(raising(UserError("The stack a.tif has slices of different sizes.")))
    assert run(job) == "failed"
    assert (job.state, job.error) == ("failed", "The stack a.tif has slices of different sizes.")


def test_a_fault_of_the_program_is_told_plainly_and_its_trace_is_kept(job_of: Any) -> None:
    job = job_of(raising(ZeroDivisionError("secret detail")))
    assert run(job) == "failed"
    assert job.error == (
        "The job failed because of a fault in the program (ZeroDivisionError). "
        "The log has the details."
    )
    assert "secret detail" in job.traceback


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (TransientError("The store does not answer."), "The store does not answer."),
        (OSError(errno.ENOSPC, "No space left on device"), "The disk is full. Free some space"),
        (OperationalError("database is locked"), "fault in the program (OperationalError)"),
    ],
)
def test_a_fault_that_may_pass_is_tried_again(job_of: Any, error: Exception, sentence: str) -> None:
    job = job_of(raising(error))
    assert run(job) == "later"
    assert job.state == "queued"
    Job.objects.update(not_before=None)
    assert run(job) == "failed"
    assert sentence in job.error


def test_a_kind_without_a_handler_fails_instead_of_waiting_for_ever(job_of: Any) -> None:
    job = job_of(lambda ctx: None)
    Job.objects.update(kind="nothing")
    assert run(job) == "failed"


def test_a_handler_that_finishes_inside_its_effect_records_both_together(job_of: Any) -> None:
    def handler(ctx: JobContext) -> None:
        with ctx.effect():
            Job.objects.filter(pk=ctx.job.pk).update(message="recorded")
            ctx.finish({"version": 4})

    job = job_of(handler)
    assert run(job) == "done"
    assert (job.state, job.message, job.result) == ("done", "recorded", {"version": 4})


def test_an_effect_that_fails_leaves_the_job_failed_and_nothing_recorded(job_of: Any) -> None:
    def handler(ctx: JobContext) -> None:
        with ctx.effect():
            Job.objects.filter(pk=ctx.job.pk).update(message="recorded")
            ctx.finish()
            raise ZeroDivisionError

    job = job_of(handler)
    assert run(job) == "failed"
    assert (job.state, job.message) == ("failed", "")


def test_a_worker_whose_lease_was_taken_records_nothing(job_of: Any) -> None:
    def handler(ctx: JobContext) -> dict[str, int]:
        Job.objects.update(state="queued", lease_token=None)  # as the reconciler does
        with ctx.effect():
            Job.objects.filter(pk=ctx.job.pk).update(message="recorded")
        return {"version": 1}

    job = job_of(handler)
    assert run(job) == "lost"
    assert (job.state, job.message, job.result) == ("queued", "", {})


def test_a_cancelled_job_stops_at_its_next_step(
    job_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[int] = []

    def handler(ctx: JobContext) -> None:
        for step in range(10):
            if step == 3:
                ctx._pulse.stop_for(Cancelled())
            ctx.progress(step, 10, "training")
            steps.append(step)

    job = job_of(handler)
    assert run(job) == "cancelled"
    assert (job.state, steps) == ("cancelled", [0, 1, 2])


def test_a_handler_that_was_told_to_stop_and_returns_has_not_finished(
    job_of: Any, shut_down: Callable[[], None]
) -> None:
    def handler(ctx: JobContext) -> None:
        shut_down()
        assert ctx.should_stop()

    job = job_of(handler)
    assert run(job) == "released"
    assert (job.state, job.attempts) == ("queued", 0)


def test_a_handler_that_was_told_to_stop_and_raises_what_it_likes_has_not_failed(
    job_of: Any, shut_down: Callable[[], None]
) -> None:
    def handler(ctx: JobContext) -> None:
        shut_down()
        if ctx.should_stop():
            raise StopIteration

    job = job_of(handler)
    assert run(job) == "released"


def test_a_handler_that_finished_before_it_heard_of_the_cancellation_is_done(job_of: Any) -> None:
    def handler(ctx: JobContext) -> None:
        ctx._pulse.stop_for(Cancelled())

    job = job_of(handler)
    assert run(job) == "done"


def test_the_end_is_recorded_in_spite_of_a_database_that_is_locked_for_a_while(
    job_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish, refusals = services.finish, iter([1, 1])

    def locked(*args: Any) -> None:
        if next(refusals, None):
            raise OperationalError("database is locked")
        finish(*args)

    monkeypatch.setattr(services, "finish", locked)
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    job = job_of(lambda ctx: {})
    assert run(job) == "done"


class Beats:
    """Stands in for the heartbeat: each call takes the next outcome, then all is well."""

    def __init__(self, *outcomes: Exception | None) -> None:
        self.outcomes = iter(outcomes)
        self.told: list[tuple[float | None, str | None]] = []
        self.enough = threading.Event()

    def __call__(
        self, lease: Any, *, progress: float | None = None, message: str | None = None
    ) -> None:
        self.told.append((progress, message))
        if len(self.told) >= 4:
            self.enough.set()
        outcome = next(self.outcomes, None)
        if outcome is not None:
            raise outcome


@pytest.fixture
def beats(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Beats]:
    def install(*outcomes: Exception | None) -> Beats:
        fake = Beats(*outcomes)
        monkeypatch.setattr(services, "heartbeat", fake)
        monkeypatch.setattr(services, "HEARTBEAT", timedelta(seconds=0.01))
        return fake

    return install


def lease() -> services.Lease:
    return services.Lease(uuid.uuid4(), uuid.uuid4(), "worker a")


def test_a_locked_or_full_database_does_not_stop_the_work_and_loses_no_progress(
    beats: Callable[..., Beats],
) -> None:
    fake = beats(OperationalError("database is locked"), OSError(errno.ENOSPC, "full"))
    with Pulse(held := lease(), JobLog(held.job_id)) as pulse:
        pulse.tell(0.5, "half")
        assert fake.enough.wait(5)
        assert pulse.reason is None
    assert fake.told[2] == (0.5, "half")
    assert fake.told[3] == (None, None)


def test_a_pulse_keeps_the_lease_of_a_cancelled_job_until_the_work_has_stopped(
    beats: Callable[..., Beats],
) -> None:
    fake = beats(Cancelled(), Cancelled())
    with Pulse(held := lease(), JobLog(held.job_id)) as pulse:
        assert fake.enough.wait(5)
        assert isinstance(pulse.reason, Cancelled)


def test_a_pulse_falls_silent_once_the_lease_is_lost(beats: Callable[..., Beats]) -> None:
    fake = beats(Cancelled(), LeaseLost())
    with Pulse(held := lease(), JobLog(held.job_id)) as pulse:
        pulse.join(timeout=5)
        assert not pulse.is_alive()
        assert isinstance(pulse.reason, LeaseLost)
    assert len(fake.told) == 2
