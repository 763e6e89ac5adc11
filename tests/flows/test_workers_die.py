"""Real worker processes, killed, stopped, and deprived of their broker, on both brokers."""

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests import services
from tests.processes import Process, World, wait_until, world

pytestmark = [pytest.mark.processes, pytest.mark.slow, pytest.mark.timeout(240)]

# From the death of a worker to the moment another one has its job.
BACK_WITHIN = 15.0


@pytest.fixture(scope="module", params=["filesystem", "redis"])
def live(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    broker = "filesystem://" if request.param == "filesystem" else services.redis_url()
    with world(tmp_path_factory.mktemp(request.param), LAMELLA_BROKER_URL=broker) as made:
        made.start("scheduler", "manage.py", "scheduler")
        yield made


@pytest.fixture
def wipe(live: World) -> Callable[[], None]:
    """Lose everything the broker holds."""
    broker = live.env["LAMELLA_BROKER_URL"]
    if broker.startswith("redis"):
        return lambda: services.empty_redis(broker)
    return lambda: services.empty_folder(live.data / "broker")


@pytest.fixture
def worker(live: World) -> Iterator[Process]:
    process = live.worker("worker")
    yield process
    process.kill()


def steps_in(folder: Path) -> list[int]:
    journal = folder / "journal"
    return [int(line) for line in journal.read_text().split()] if journal.exists() else []


def test_a_training_whose_worker_is_killed_goes_on_from_its_last_checkpoint_and_counts_once(
    live: World, worker: Process, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    job = live.enqueue("trial_train", folder=str(tmp_path), steps=8)
    wait_until(lambda: len(steps_in(tmp_path)) >= 4, seconds=40, what="the fourth step")

    worker.kill()
    done = len(steps_in(tmp_path))
    again = live.worker("worker-again")
    back = wait_until(
        lambda: live.ask("job", job=job)["attempts"] == 2, seconds=30, what="a second attempt"
    )
    record_property("seconds until the job was claimed again", round(back, 1))
    wait_until(lambda: live.state(job) == "done", seconds=20, what="the end of the training")
    again.kill()

    assert back < BACK_WITHIN
    assert steps_in(tmp_path)[done:] in (list(range(done, 8)), list(range(done - 1, 8)))
    assert live.ask("effects", job=job) == 1


def test_a_broker_that_forgot_everything_loses_no_job(
    live: World, worker: Process, wipe: Callable[[], None]
) -> None:
    wait_until(lambda: "ready." in worker.output(), seconds=40, what="the worker")
    worker.signal(signal.SIGSTOP)  # it takes nothing while the broker is wiped
    jobs = [live.enqueue("trial_quick", number=number) for number in range(8)]
    assert live.ask("messages", queue="light") > 0
    wipe()
    worker.signal(signal.SIGCONT)
    wait_until(
        lambda: all(live.state(job) == "done" for job in jobs), seconds=30, what="all the jobs"
    )
    assert [live.ask("effects", job=job) for job in jobs] == [1] * 8


def test_a_message_that_arrives_three_times_has_one_effect(live: World, worker: Process) -> None:
    job = live.enqueue("trial_quick")
    assert live.ask("ring", job=job)
    assert live.ask("ring", job=job)
    refused = f"job={job} is not to be had"
    wait_until(
        lambda: worker.output().count(refused) >= 2, seconds=40, what="the two messages too many"
    )
    assert live.state(job) == "done"
    assert live.ask("effects", job=job) == 1
    assert live.ask("job", job=job)["attempts"] == 1


def test_a_worker_that_was_stopped_past_its_lease_records_nothing_when_it_wakes(
    live: World, worker: Process, tmp_path: Path
) -> None:
    job = live.enqueue("trial_stubborn", folder=str(tmp_path), seconds="1.0")
    wait_until(lambda: len(steps_in(tmp_path)) == 1, seconds=40, what="the first worker")
    worker.signal(signal.SIGSTOP)
    other = live.worker("worker-other")
    back = wait_until(lambda: len(steps_in(tmp_path)) == 2, seconds=30, what="the second worker")
    wait_until(lambda: live.state(job) == "done", seconds=20, what="the second worker's end")
    result = live.ask("job", job=job)["result"]
    worker.signal(signal.SIGCONT)
    lost = f"job={job} kind=trial_stubborn lost"
    wait_until(lambda: lost in worker.output(), seconds=20, what="the first worker to give up")
    other.kill()

    assert back < BACK_WITHIN
    assert live.ask("job", job=job)["result"] == result
    assert live.ask("effects", job=job) == 1
