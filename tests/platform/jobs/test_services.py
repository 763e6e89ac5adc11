from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from lamella.jobs import bell, clock, kinds, services
from lamella.jobs.errors import Cancelled, JobConflictError, LeaseLost
from lamella.jobs.models import Job, JobState
from lamella.jobs.reconciler import reconcile
from lamella.jobs.services import Lease

pytestmark = pytest.mark.django_db


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids that the broker was told about; the broker holds nothing of them."""
    told: list[str] = []

    def ring(job: Job) -> bool:
        told.append(str(job.pk))
        return True

    monkeypatch.setattr(bell, "ring", ring)
    monkeypatch.setattr(bell, "messages", lambda queue: 0)
    return told


@pytest.fixture
def ended() -> Iterator[list[tuple[str, str]]]:
    """What the hook of training jobs was told."""
    seen: list[tuple[str, str]] = []

    def hook(job: Job) -> None:
        seen.append((job.state, job.error))

    kinds.on_end("train", hook)
    yield seen
    kinds._END_HOOKS["train"].remove(hook)


def train(**more: Any) -> Job:
    return services.enqueue("train", params={"run": 1}, **more)


def claimed(job: Job, worker: str = "worker a") -> Lease:
    lease = services.claim(job.pk, worker)
    assert lease is not None
    return lease


def later(seconds: float) -> Any:
    return clock.now() + timedelta(seconds=seconds)


def test_the_bell_rings_only_once_the_transaction_has_committed(
    rung: list[str], django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        job = train(scope="lipids")
        assert rung == []
    assert rung == [str(job.pk)]
    job.refresh_from_db()
    assert job.rung is not None
    assert (job.queue, job.title, job.scope) == ("heavy", "Train a model", "lipids")


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(KeyError):
        services.enqueue("dance", params={})


def test_the_same_key_gives_the_same_live_job() -> None:
    first = train(key="train:1")
    assert train(key="train:1").pk == first.pk
    claimed(first)
    assert train(key="train:1").pk == first.pk
    assert train(key="train:2").pk != first.pk
    assert train().pk != train().pk


def test_a_key_is_free_again_once_its_job_has_ended() -> None:
    first = train(key="train:1")
    services.finish(claimed(first))
    assert train(key="train:1").pk != first.pk


def test_again_queues_one_more_job_behind_a_running_one_and_it_waits_for_that_one_to_end() -> None:
    first = train(key="k")
    assert train(key="k", again=True).pk == first.pk, "it has not begun: it will see the change"
    lease = claimed(first)
    second = train(key="k", again=True)
    assert second.pk != first.pk
    assert train(key="k", again=True).pk == second.pk
    assert services.claim(second.pk, "worker b") is None
    services.finish(lease)
    assert services.claim(second.pk, "worker b") is not None


def test_a_job_is_claimed_by_one_worker_only() -> None:
    job = train()
    claimed(job)
    assert services.claim(job.pk, "worker b") is None
    job.refresh_from_db()
    assert (job.state, job.attempts, job.worker) == ("running", 1, "worker a")


def test_a_message_for_a_job_that_has_ended_or_vanished_does_nothing() -> None:
    job = train()
    services.finish(claimed(job))
    assert services.claim(job.pk, "worker b") is None
    assert services.claim("00000000-0000-0000-0000-000000000000", "worker b") is None


def test_a_heartbeat_keeps_the_lease_and_tells_the_progress() -> None:
    job = train()
    lease = claimed(job)
    Job.objects.update(lease_until=later(1))
    services.heartbeat(lease, progress=1.7, message="step 3 of 4")
    job.refresh_from_db()
    assert job.lease_until is not None
    assert job.lease_until > later(8)
    assert (job.progress, job.message) == (1.0, "step 3 of 4")


def test_a_silent_worker_loses_its_job_and_can_record_nothing_more(rung: list[str]) -> None:
    job = train()
    lost = claimed(job)
    assert not reconcile(later(9)).requeued
    assert reconcile(later(11)).requeued == 1
    assert rung == [str(job.pk)]
    with pytest.raises(LeaseLost):
        services.heartbeat(lost)
    again = claimed(job, "worker b")
    for record in (services.finish, services.heartbeat, services.stop):
        with pytest.raises(LeaseLost):
            record(lost)
    with pytest.raises(LeaseLost):
        services.fail(lost, "It broke.", retry=True)
    with pytest.raises(LeaseLost), services.effect(lost):
        pytest.fail("the block ran")
    services.release(lost)
    services.finish(again, {"version": 2})
    job.refresh_from_db()
    assert (job.state, job.result, job.attempts) == ("done", {"version": 2}, 2)


def test_a_lapsed_lease_that_nobody_has_taken_yet_is_kept_by_speaking_up() -> None:
    job = train()
    lease = claimed(job)
    Job.objects.update(lease_until=later(-5))
    services.heartbeat(lease)
    assert not reconcile()


def test_an_effect_and_the_end_of_its_job_are_recorded_together_or_not_at_all() -> None:
    job = train()
    lease = claimed(job)

    def crash_halfway() -> None:
        with services.effect(lease):
            services.finish(lease, {"version": 1})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        crash_halfway()
    job.refresh_from_db()
    assert job.state == "running"
    with services.effect(lease):
        services.finish(lease, {"version": 1})
    job.refresh_from_db()
    assert (job.state, job.result) == ("done", {"version": 1})
    with pytest.raises(LeaseLost), services.effect(lease):
        pytest.fail("the block ran twice")


def test_a_job_that_kills_its_workers_is_given_up_with_a_sentence(
    rung: list[str], ended: list[tuple[str, str]]
) -> None:
    job = train()
    for attempt in range(1, 6):
        claimed(job)
        report = reconcile(later(11))
        assert (report.requeued, report.failed) == ((1, 0) if attempt < 5 else (0, 1))
    job.refresh_from_db()
    assert job.state == "failed"
    assert "5 times in a row" in job.error
    assert ended == [("failed", job.error)]


def test_a_failure_that_may_pass_is_tried_again_later_until_attempts_run_out(
    ended: list[tuple[str, str]],
) -> None:
    job = train()
    for _ in range(4):
        services.fail(claimed(job), "The store does not answer.", "Traceback …", retry=True)
        job.refresh_from_db()
        assert job.state == "queued"
        assert job.not_before is not None
        assert services.claim(job.pk, "worker b") is None, "not due yet"
        Job.objects.update(not_before=later(-1))
    services.fail(claimed(job), "The store does not answer.", retry=True)
    job.refresh_from_db()
    assert (job.state, job.error) == ("failed", "The store does not answer.")
    assert ended == [("failed", "The store does not answer.")]


def test_a_waiting_job_is_cancelled_at_once(ended: list[tuple[str, str]]) -> None:
    job = train()
    assert services.cancel(job)
    job.refresh_from_db()
    assert job.state == "cancelled"
    assert services.claim(job.pk, "worker a") is None
    assert ended == [("cancelled", "")]
    assert not services.cancel(job)


def test_a_running_job_is_asked_to_stop_and_records_nothing_more(
    ended: list[tuple[str, str]],
) -> None:
    job = train()
    lease = claimed(job)
    assert services.cancel(job)
    with pytest.raises(Cancelled):
        services.heartbeat(lease)
    with pytest.raises(Cancelled), services.effect(lease):
        pytest.fail("the block ran")
    assert ended == []
    services.stop(lease)
    assert ended == [("cancelled", "")]


def test_a_cancelled_job_whose_worker_died_is_not_started_again() -> None:
    job = train()
    claimed(job)
    services.cancel(job)
    assert reconcile(later(11)).cancelled == 1
    job.refresh_from_db()
    assert job.state == "cancelled"


def test_a_failed_job_can_be_tried_again_with_all_its_attempts(rung: list[str]) -> None:
    job = train(key="k")
    services.fail(claimed(job), "The disk is full.")
    again = services.retry(job)
    assert again.pk == job.pk
    assert (again.state, again.attempts, again.error) == ("queued", 0, "")
    with pytest.raises(JobConflictError):
        services.retry(job)


def test_a_failed_job_is_not_tried_again_while_the_same_work_is_live() -> None:
    job = train(key="k")
    services.fail(claimed(job), "The disk is full.")
    train(key="k")
    with pytest.raises(JobConflictError, match="Train a model"):
        services.retry(job)


def test_a_worker_that_shuts_down_gives_its_job_back_without_using_up_an_attempt() -> None:
    job = train()
    services.release(claimed(job))
    job.refresh_from_db()
    assert (job.state, job.attempts, job.lease_token) == ("queued", 0, None)


def test_a_dead_job_makes_way_for_the_same_work_that_waits_already() -> None:
    first = train(key="k")
    claimed(first)
    second = train(key="k", again=True)
    reconcile(later(11))
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, second.state) == ("cancelled", "queued")


def test_a_hook_that_fails_does_not_keep_the_job_from_ending() -> None:
    def broken(job: Job) -> None:
        raise RuntimeError

    kinds.on_end("train", broken)
    try:
        job = train()
        services.fail(claimed(job), "It broke.")
    finally:
        kinds._END_HOOKS["train"].remove(broken)
    job.refresh_from_db()
    assert job.state == JobState.FAILED


def test_what_nobody_picked_up_is_rung_for_again(rung: list[str]) -> None:
    job = train()
    Job.objects.update(rung=clock.now())
    assert reconcile(later(4)).rung == 0
    assert reconcile(later(6)).rung == 1
    assert rung == [str(job.pk)]


def test_nothing_is_rung_for_again_while_the_broker_still_holds_its_messages(
    rung: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        train()
    Job.objects.update(rung=clock.now())
    monkeypatch.setattr(bell, "messages", lambda queue: 3)
    assert reconcile(later(60)).rung == 0
    monkeypatch.setattr(bell, "messages", lambda queue: 2)
    assert reconcile(later(60)).rung == 1
    monkeypatch.setattr(bell, "messages", lambda queue: None)
    assert reconcile(later(60)).rung == 0


def test_a_broker_that_is_away_keeps_nobody_from_enqueueing(
    monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    def refuse(*args: Any, **kwargs: Any) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr(bell.celery_app(), "send_task", refuse)
    with django_capture_on_commit_callbacks(execute=True):
        job = train()
    job.refresh_from_db()
    assert (job.state, job.rung) == ("queued", None)


def test_enqueueing_inside_a_transaction_that_rolls_back_leaves_nothing() -> None:
    with transaction.atomic():
        train(key="k")
        transaction.set_rollback(True)
    assert not Job.objects.exists()
