"""Bob sees what needs somebody; Prometheus reads it; nobody else learns that it is there."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from lamella.jobs.beats import SCHEDULER
from lamella.jobs.models import Beat, Job, JobState
from lamella.loop import health
from lamella.studies.models import StudyState
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def bob(client: Client) -> Client:
    client.force_login(
        make.make_user("bob", staff=True), backend="django.contrib.auth.backends.ModelBackend"
    )
    return client


@pytest.fixture
def quiet() -> None:
    """A scheduler and a worker of each queue, just heard of."""
    for name, queue in ((SCHEDULER, ""), ("light@here", "light"), ("heavy@here", "heavy")):
        Beat.objects.create(name=name, queue=queue, seen=timezone.now(), load={"busy": 0.5})


def ago(**spans: float) -> object:
    return timezone.now() - timedelta(**spans)


def test_a_healthy_installation_says_that_nothing_is_wrong(bob: Client, quiet: None) -> None:
    html = bob.get("/health/").content.decode()
    assert "Nothing is waiting for long, missing, failed or stuck." in html
    assert "light@here" in html


def test_a_scheduler_that_fell_silent_is_missed(bob: Client, quiet: None) -> None:
    Beat.objects.filter(name=SCHEDULER).update(seen=ago(minutes=3))
    html = bob.get("/health/").content.decode()
    assert "The scheduler was last heard of" in html
    assert health.look().troubles == 1


def test_a_job_is_late_only_where_a_worker_is_idle(quiet: None) -> None:
    make.make_job(state=JobState.QUEUED, queue="heavy")
    Job.objects.update(created=ago(minutes=20))
    heavy = next(queue for queue in health.look().queues if queue.name == "heavy")
    assert heavy.late
    make.make_job(state=JobState.RUNNING, queue="heavy", lease_until=ago(seconds=-10))
    heavy = next(queue for queue in health.look().queues if queue.name == "heavy")
    assert not heavy.late


def test_stale_jobs_and_leases_are_counted(quiet: None) -> None:
    make.make_job(state=JobState.RUNNING, lease_until=ago(minutes=1))
    make.make_job(state=JobState.RUNNING, lease_until=ago(seconds=-8))
    cube = make.make_cube(make.make_study())
    task = make.make_task(cube, make.make_round(cube.study))
    make.make_assignment(task, lease_until=ago(minutes=2))
    make.make_assignment(task, lease_until=ago(seconds=30))
    seen = health.look()
    assert len(seen.stale_jobs) == 1
    assert seen.stale_leases == 1


def test_a_failed_job_is_shown_with_its_reason_and_tried_again(bob: Client, quiet: None) -> None:
    job = make.make_job(
        make.make_study(),
        title="Read kidney.tif",
        state=JobState.FAILED,
        finished=ago(hours=2),
        error="The file could not be read; upload it again.",
    )
    make.make_job(title="Of long ago", state=JobState.FAILED, finished=ago(days=20))
    html = bob.get("/health/").content.decode()
    assert "The file could not be read; upload it again." in html
    assert "Of long ago" not in html
    bob.post(f"/health/jobs/{job.pk}/retry/")
    job.refresh_from_db()
    assert job.state == JobState.QUEUED
    assert "kidney.tif" not in bob.get("/health/").content.decode().split('id="failed"')[1]


def test_a_study_without_tasks_or_jobs_is_stuck_and_one_without_volunteers_quiet(
    bob: Client, quiet: None
) -> None:
    stuck, still, busy, draft = (
        make.make_study(title, state=StudyState.DRAFT if title == "Draft" else StudyState.OPEN)
        for title in ("Stuck", "Still", "Busy", "Draft")
    )
    for study in (stuck, still, busy, draft):
        cube = make.make_cube(study)
        type(study).objects.filter(pk=study.pk).update(created=ago(days=9))
        type(cube).objects.filter(pk=cube.pk).update(created=ago(days=9))
        if study == still:
            make.make_task(cube, make.make_round(study))
    make.make_job(busy, state=JobState.RUNNING, lease_until=ago(seconds=-9))
    assert [(one.study, one.stuck) for one in health.silent_studies(timezone.now())] == [
        (stuck, True),
        (still, False),
    ]


def test_the_live_address_changes_with_what_is_shown_alone(bob: Client, quiet: None) -> None:
    first = bob.get("/health/live/")
    again = bob.get("/health/live/", headers={"If-None-Match": first["ETag"]})
    assert again.status_code == 304
    make.make_job(state=JobState.FAILED, finished=timezone.now())
    changed = bob.get("/health/live/", headers={"If-None-Match": first["ETag"]})
    assert changed.status_code == 200
    assert changed.json()["stamp"] != first.json()["stamp"]


def figures(text: str) -> dict[str, float]:
    return {match[1]: float(match[2]) for match in re.finditer(r"^(\w.*) ([\d.e+-]+)$", text, re.M)}


def test_prometheus_reads_the_same_figures(bob: Client, quiet: None) -> None:
    make.make_job(state=JobState.QUEUED, queue="heavy")
    make.make_job(state=JobState.FAILED, finished=timezone.now())
    Beat.objects.filter(name="heavy@here").update(
        load={"busy": 0.25, "gpus": [{"name": "H", "busy": 0.9, "memory": 0.5, "megabytes": 9}]}
    )
    answer = bob.get("/metrics")
    assert answer["Content-Type"].startswith("text/plain")
    found = figures(answer.content.decode())
    assert found['lamella_jobs{queue="heavy",state="waiting"}'] == 1
    assert found["lamella_jobs_failed"] == 1
    assert found['lamella_gpu_busy{gpu="0",name="heavy@here"}'] == 0.9
    assert found['lamella_disk_free_bytes{disk="data"}'] > 0


def test_prometheus_needs_the_token_of_the_settings(client: Client, settings: Settings) -> None:
    settings.METRICS_TOKEN = ""
    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404
    settings.METRICS_TOKEN = "of-the-settings"
    assert client.get("/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 404
    right = client.get("/metrics", headers={"Authorization": "Bearer of-the-settings"})
    assert right.status_code == 200


@pytest.mark.parametrize("path", ["/health/", "/health/live/", "/metrics"])
def test_nobody_but_admins_of_the_installation_learns_of_it(client: Client, path: str) -> None:
    assert client.get(path).status_code == 404
    study = make.make_study(bob=make.make_user("bert"))
    assert study.memberships.get().role == "admin"
    client.force_login(
        study.memberships.get().user, backend="django.contrib.auth.backends.ModelBackend"
    )
    assert client.get(path).status_code == 404
