"""Training runs, model versions and jobs over HTTP."""

import json
from typing import Any

import numpy as np
import pytest
from django.test import Client

from lamella.accounts.models import User
from lamella.cubes.models import LabelsRole
from lamella.jobs.models import Job, JobState
from lamella.learning.models import ModelVersion, TrainingRun
from lamella.studies.models import Study
from tests import factories as make
from tests.platform.pages.conftest import World, as_, world

__all__ = ["as_", "world"]  # the cast of the pages

JSON = "application/json"


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def ask(
    user: User, method: str, path: str, status: int = 200, body: dict[str, Any] | None = None
) -> Any:
    sent = json.dumps(body or {})
    answer = client_of(user).generic(method, f"/api/v1/{path}", sent, content_type=JSON)
    assert answer.status_code == status, answer.content
    return answer.json()


def labelled(bob: User) -> Study:
    """A study with something to train on."""
    study = make.make_study("Fresh", bob=bob)
    voxels = np.zeros((4, 32, 32), np.uint8)
    voxels[:, 8:20, 8:20] = 1
    cube = make.make_cube(study, "block", voxels=voxels)
    labels = make.make_labels(cube, LabelsRole.TRAINING, uri="labels/x.zarr", slices=[0, 2])
    make.write_voxels(labels.uri, voxels, "label")
    return study


def test_a_training_run_is_started_by_an_admin_and_waits_for_a_worker(world: World) -> None:
    study = labelled(world.bob)
    started = ask(world.bob, "POST", f"studies/{study.slug}/training-runs", 202)
    run = TrainingRun.objects.get(study=study)
    assert (started["id"], started["state"], started["slices"]) == (run.pk, "waiting", 2)
    assert run.job is not None
    assert (run.job.kind, run.job.state) == ("train", JobState.QUEUED)


@pytest.mark.parametrize(("name", "status"), [("alice", 403), ("dana", 403), ("charlie", 404)])
def test_nobody_but_admins_starts_training(world: World, name: str, status: int) -> None:
    before = TrainingRun.objects.count()
    ask(getattr(world, name), "POST", f"studies/{world.study.slug}/training-runs", status)
    assert TrainingRun.objects.count() == before


def test_a_second_run_is_refused_while_the_first_is_under_way(world: World) -> None:
    address = f"studies/{labelled(world.bob).slug}/training-runs"
    first = ask(world.bob, "POST", address, 202)
    again = ask(world.bob, "POST", address, 409)
    assert again["detail"].startswith(f"Training run {first['id']} is under way already")
    ask(world.bob, "POST", f"training-runs/{first['id']}/cancel")
    assert ask(world.bob, "POST", address, 202)["id"] != first["id"]


def test_a_run_starts_from_nothing_or_from_a_version_by_its_id(world: World) -> None:
    study = labelled(world.bob)
    address = f"studies/{study.slug}/training-runs"
    serving = make.make_version(
        study, 1, state=ModelVersion.State.SERVING, checkpoint="models/1/run-1.safetensors"
    )
    (offered,) = ask(world.bob, "GET", f"studies/{study.slug}/origins")
    assert (offered["version"], offered["study"], offered["state"]) == (
        serving.pk,
        study.slug,
        "serving",
    )
    for told, parent, origin in (
        ({}, 1, None),
        ({"start_from": "nothing"}, None, None),
        (
            {"start_from": serving.pk, "trainable": "decoder"},
            None,
            {"version": serving.pk, "number": 1, "study": study.slug},
        ),
    ):
        run = ask(world.bob, "POST", address, 202, told)
        assert (run["kind"], run["parent"], run["origin"]) == ("train", parent, origin)
        ask(world.bob, "POST", f"training-runs/{run['id']}/cancel")


def test_a_start_without_a_body_is_the_usual_one(world: World) -> None:
    study = labelled(world.bob)
    address = f"/api/v1/studies/{study.slug}/training-runs"
    answer = client_of(world.bob).generic("POST", address)
    assert answer.status_code == 202, answer.content
    assert answer.json()["kind"] == "train"


@pytest.mark.parametrize(
    ("told", "status", "words"),
    [
        ({"start_from": 0}, 404, "no such thing here"),
        ({"start_from": "the best"}, 422, "not right at"),
        ({"taken": "half"}, 422, "not right at taken"),
        ({"kind": "pretrain", "start_from": "nothing"}, 422, "send its kind alone"),
        ({"start_from": "nothing", "trainable": "decoder"}, 409, "must come from somewhere"),
    ],
)
def test_a_start_that_makes_no_sense_is_refused_with_one_sentence(
    world: World, told: dict[str, Any], status: int, words: str
) -> None:
    study = labelled(world.bob)
    answer = ask(world.bob, "POST", f"studies/{study.slug}/training-runs", status, told)
    assert words in answer["detail"]
    assert not study.training_runs.exists()


def test_pretraining_is_started_by_its_kind(world: World) -> None:
    study = labelled(world.bob)
    run = ask(world.bob, "POST", f"studies/{study.slug}/training-runs", 202, {"kind": "pretrain"})
    assert (run["kind"], run["slices"], run["origin"]) == ("pretrain", 4, None)


def test_starting_with_nothing_labelled_says_what_is_missing(world: World) -> None:
    study = make.make_study("Fresh", bob=world.bob)
    answer = ask(world.bob, "POST", f"studies/{study.slug}/training-runs", 409)
    assert "Nothing is labelled in “Fresh” yet" in answer["detail"]


def test_runs_are_listed_newest_first_and_one_has_its_curves(world: World) -> None:
    rows = ask(world.dana, "GET", f"studies/{world.study.slug}/training-runs")
    assert [row["id"] for row in rows] == sorted((r["id"] for r in rows), reverse=True)
    assert (rows[0]["id"], rows[0]["progress"]) == (world.run.pk, 0.4)
    assert [row["version"] for row in rows[1:]] == [2, 1]
    one = ask(world.dana, "GET", f"training-runs/{world.run.pk}")
    assert one["curves"][0]["step"] == 0
    assert one["config"] == {"max_seconds": 60.0}


def test_a_run_is_cancelled_once(world: World) -> None:
    told = ask(world.bob, "POST", f"training-runs/{world.run.pk}/cancel")
    assert told["stopping"]
    done = world.study.training_runs.filter(state=TrainingRun.State.DONE).first()
    assert done is not None
    ended = ask(world.bob, "POST", f"training-runs/{done.pk}/cancel", 409)
    assert "has ended already" in ended["detail"]


def test_a_candidate_is_promoted_and_that_a_person_did_it_is_noted(world: World) -> None:
    version = ask(world.bob, "POST", f"model-versions/{world.candidate.pk}/promote")
    assert (version["state"], version["gate"]["by_hand"]) == ("serving", True)
    states = {
        row["number"]: (row["state"], row["earlier"])
        for row in ask(world.dana, "GET", f"studies/{world.study.slug}/model-versions")
    }
    assert states == {3: ("serving", False), 2: ("retired", True), 1: ("retired", True)}


def test_an_older_version_is_rolled_back_to_and_not_promoted(world: World) -> None:
    refused = ask(world.bob, "POST", f"model-versions/{world.retired.pk}/promote", 409)
    assert "roll back to it instead" in refused["detail"]
    world.serving.refresh_from_db()
    assert world.serving.state == ModelVersion.State.SERVING


@pytest.mark.parametrize(
    ("name", "sentence"), [("candidate", "promote it instead"), ("serving", "serves already")]
)
def test_there_is_no_rollback_to_what_is_not_older(world: World, name: str, sentence: str) -> None:
    address = f"model-versions/{getattr(world, name).pk}/rollback"
    for method in ("GET", "POST"):
        assert sentence in ask(world.bob, method, address, 409)["detail"]


def test_the_preview_of_a_rollback_counts_what_the_rollback_then_marks(world: World) -> None:
    address = f"model-versions/{world.retired.pk}/rollback"
    preview = ask(world.bob, "GET", address)
    assert not any(_marked(world)), "a preview changes nothing"
    assert ask(world.bob, "POST", address) == preview == {"marked": 2}
    assert all(_marked(world))
    world.retired.refresh_from_db()
    assert world.retired.state == ModelVersion.State.SERVING


def _marked(world: World) -> list[bool]:
    for consensus in world.consensus:
        consensus.refresh_from_db()
    return [consensus.needs_review for consensus in world.consensus]


def test_a_failed_job_is_tried_again_and_a_waiting_one_cancelled(world: World) -> None:
    rows = ask(world.dana, "GET", f"studies/{world.study.slug}/jobs")
    failed = Job.objects.get(state=JobState.FAILED)
    shown = next(row for row in rows if row["id"] == str(failed.pk))
    assert shown["error"] == "The disk is full."
    assert ask(world.bob, "POST", f"jobs/{failed.pk}/retry")["state"] == "queued"
    assert "has not failed" in ask(world.bob, "POST", f"jobs/{failed.pk}/retry", 409)["detail"]
    assert ask(world.bob, "POST", f"jobs/{failed.pk}/cancel")["state"] == "cancelled"
    assert "ended already" in ask(world.bob, "POST", f"jobs/{failed.pk}/cancel", 409)["detail"]


def test_a_job_of_no_study_is_nobodys_here(world: World) -> None:
    ask(world.bob, "POST", f"jobs/{make.make_job(state=JobState.FAILED).pk}/retry", 404)
