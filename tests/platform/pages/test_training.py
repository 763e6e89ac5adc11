"""The training desk: runs, versions and jobs."""

from collections.abc import Callable

import numpy as np
import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from lamella.accounts.models import User
from lamella.cubes.models import LabelsRole
from lamella.jobs.logs import add_lines
from lamella.jobs.models import Job, JobState
from lamella.learning.models import ModelVersion, TrainingRun
from lamella.loop import serving
from lamella.loop.models import Figures
from tests import factories as make
from tests.platform.pages.conftest import World

As = Callable[[User | None], Client]


def url(world: World, name: str, *args: object) -> str:
    return reverse(f"pages:{name}", args=[world.study.slug, *args])


def desk(world: World, as_: As, user: User, query: str = "") -> str:
    return as_(user).get(url(world, "training") + query).content.decode()


def test_the_running_run_is_open_with_progress_curves_and_a_table_twin(
    world: World, as_: As
) -> None:
    html = desk(world, as_, world.bob)
    assert f"Run {world.run.pk} " in html
    assert 'value="0.4"' in html
    assert html.count('class="c-line') >= 5
    assert "<caption" in html or "Cross-entropy" in html


def test_the_log_of_a_run_is_shown_as_it_was_said_to_managers_alone(world: World, as_: As) -> None:
    address = url(world, "run_log", world.run.pk)
    assert address in desk(world, as_, world.bob)
    assert "has said nothing yet" in as_(world.dana).get(address).content.decode()
    assert world.run.job_id is not None
    add_lines(world.run.job_id, ["2026-11-30 11:00:00 step 40: <b>fine</b>"])
    assert "step 40: &lt;b&gt;fine&lt;/b&gt;" in as_(world.dana).get(address).content.decode()
    assert as_(world.alice).get(address).status_code == 403
    assert as_(world.charlie).get(address).status_code == 404
    assert as_(world.dana).get(url(world, "run_log", 10**6)).status_code == 404


def test_another_run_is_opened_by_its_number(world: World, as_: As) -> None:
    other = world.study.training_runs.order_by("pk").first()
    assert other is not None
    html = desk(world, as_, world.bob, f"?run={other.pk}")
    assert f'id="run-title">Run {other.pk}' in html


def test_versions_show_the_gates_numbers_and_where_they_came_from(world: World, as_: As) -> None:
    html = desk(world, as_, world.dana)
    assert "Dice +.020" in html
    assert "from version 1" in html
    assert "The gate has not judged it yet" in html


def test_an_untrained_study_says_when_training_begins(world: World, as_: As) -> None:
    study = make.make_study("Fresh", bob=world.bob)
    html = as_(world.bob).get(reverse("pages:training", args=[study.slug])).content.decode()
    assert "Nothing was trained yet" in html


def test_starting_without_anything_labelled_says_what_is_missing(world: World, as_: As) -> None:
    study = make.make_study("Fresh", bob=world.bob)
    client = as_(world.bob)
    answer = client.post(reverse("pages:start_training", args=[study.slug]), follow=True)
    assert "Nothing is labelled" in answer.content.decode()


@pytest.fixture
def ready(world: World) -> World:
    """Version 2 serves with weights, version 1 was pretrained; nothing is under way."""
    ModelVersion.objects.filter(pk=world.serving.pk).update(checkpoint="models/1/run-2.safetensors")
    ModelVersion.objects.filter(pk=world.retired.pk).update(
        kind=ModelVersion.Kind.PRETRAINED,
        state=ModelVersion.State.ORIGIN,
        checkpoint="models/1/run-1.safetensors",
        gate={},
    )
    Job.objects.update(state=JobState.DONE)
    voxels = np.zeros((4, 32, 32), np.uint8)
    cube = make.make_cube(world.study, "labelled", voxels=voxels)
    labels = make.make_labels(cube, LabelsRole.TRAINING, uri="labels/x.zarr", slices=[0, 2])
    make.write_voxels(labels.uri, voxels, "label")
    return world


def start(world: World, as_: As, **fields: object) -> str:
    told = {"taken": "everything", "trainable": "everything"} | fields
    answer = as_(world.bob).post(url(world, "start_training"), told, follow=True)
    return answer.content.decode()


def test_the_desk_offers_its_admins_to_start_differently(ready: World, as_: As) -> None:
    html = desk(ready, as_, ready.bob)
    assert "version 2, which serves" in html
    assert f'<option value="{ready.retired.pk}">version 1, pretrained without labels' in html
    assert "Never serves; training runs can start from it." in html
    assert "Start differently" not in desk(ready, as_, ready.dana)


def test_a_run_starts_from_a_version_of_the_list_with_the_decoder_alone(
    ready: World, as_: As
) -> None:
    html = start(ready, as_, start_from=ready.retired.pk, trainable="decoder")
    run = ready.study.training_runs.order_by("-pk")[0]
    assert (run.origin, run.parent) == (ready.retired, None)
    assert run.config["train"]["trainable"] == "decoder"
    assert "from version 1 of Liver 3" in html


def test_pretraining_is_started_from_the_desk_and_its_row_says_so(ready: World, as_: As) -> None:
    html = start(ready, as_, kind="pretrain")
    assert ready.study.training_runs.order_by("-pk")[0].kind == "pretrain"
    assert "without labels</span>" in html


@pytest.mark.parametrize("there", [True, False])
def test_a_version_out_of_reach_is_refused_like_one_that_does_not_exist(
    ready: World, as_: As, there: bool
) -> None:
    other = make.make_version(make.make_study("Other"), checkpoint="models/2/run-1.safetensors")
    before = ready.study.training_runs.count()
    html = start(ready, as_, start_from=other.pk if there else other.pk + 1)
    assert "There is no such version to start from" in html
    assert ready.study.training_runs.count() == before


def test_a_run_is_cancelled(world: World, as_: As) -> None:
    as_(world.bob).post(url(world, "cancel_run", world.run.pk))
    assert world.run.job is not None
    world.run.job.refresh_from_db()
    assert world.run.job.cancel_requested or world.run.job.state == JobState.CANCELLED


def test_a_candidate_is_promoted_by_hand(world: World, as_: As) -> None:
    as_(world.bob).post(url(world, "promote", world.candidate.pk))
    world.candidate.refresh_from_db()
    assert world.candidate.state == ModelVersion.State.SERVING
    assert world.candidate.gate["by_hand"]


def test_rolling_back_says_first_what_it_marks_and_throws_nothing_away(
    world: World, as_: As
) -> None:
    client = as_(world.bob)
    address = url(world, "roll_back", world.retired.pk)
    preview = client.get(address).content.decode()
    assert "Version 2 serves now." in preview
    assert "<strong>2 agreed tasks</strong>" in preview
    for consensus in world.consensus:
        z = consensus.task.z
        assert f'/cubes/{world.cube.pk}/?z={z}"' in preview
        assert f'aria-label="block 1, slice {z + 1}"' in preview
    assert f'/review/?cube={world.cube.pk}"' in preview
    world.retired.refresh_from_db()
    assert world.retired.state == ModelVersion.State.RETIRED

    done = client.post(address, follow=True).content.decode()
    assert "2 tasks marked for review" in done
    world.retired.refresh_from_db()
    assert world.retired.state == ModelVersion.State.SERVING
    for consensus in world.consensus:
        consensus.refresh_from_db()
        assert consensus.needs_review
        assert consensus.current


def test_of_many_tasks_a_roll_back_names_the_latest_and_counts_the_others(
    world: World, as_: As, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "LISTED", 1)
    preview = as_(world.bob).get(url(world, "roll_back", world.retired.pk)).content.decode()
    assert "<strong>2 agreed tasks</strong>" in preview
    assert f"?z={world.consensus[1].task.z}" in preview
    assert f"?z={world.consensus[0].task.z}" not in preview
    assert "and 1 more task" in preview


def test_a_roll_back_that_marks_nothing_says_so(world: World, as_: As) -> None:
    for consensus in world.consensus:
        consensus.delete()
    preview = as_(world.bob).get(url(world, "roll_back", world.retired.pk)).content.decode()
    assert "No agreed task rests on a proposal of a later version." in preview
    assert "What will be marked" not in preview


def test_the_desk_asks_the_database_at_most_fifteen_times(
    world: World, as_: As, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    """With runs from another study's version, failed ones, and everything that jobs keep."""
    other = make.make_version(make.make_study("Kidney", bob=world.bob))
    run = make.make_run(world.study, origin=other)
    make.make_version(world.study, 7, training_run=run)
    for number in range(3):
        make.make_run(world.study, state=TrainingRun.State.FAILED, error=f"reason {number}")
        make.make_job(world.study, state=JobState.FAILED, finished=timezone.now())
    for name, value in (
        ("compared", {"versions": [{"number": 2, "gold": {}, "audit": {}}]}),
        ("disk", {"parts": {"images": 5}, "spare": 1}),
    ):
        Figures.objects.create(
            key=f"{name}:{world.study.pk}",
            study=world.study,
            value=value,
            counted=timezone.now(),
            seconds=0.0,
        )
    client = as_(world.bob)
    for address in (url(world, "training"), url(world, "roll_back", world.retired.pk)):
        with django_assert_max_num_queries(15):
            assert client.get(address).status_code == 200


def test_a_failed_job_shows_its_sentence_and_is_tried_again(world: World, as_: As) -> None:
    assert "The disk is full." in desk(world, as_, world.dana)
    failed = Job.objects.get(state=JobState.FAILED)
    assert as_(world.dana).post(url(world, "retry_job", failed.pk)).status_code == 403
    as_(world.bob).post(url(world, "retry_job", failed.pk))
    failed.refresh_from_db()
    assert failed.state == JobState.QUEUED


@pytest.mark.parametrize("name", ["retry_job", "cancel_job"])
def test_jobs_of_another_study_cannot_be_touched(world: World, as_: As, name: str) -> None:
    other = make.make_study("Other")
    job = make.make_job(other, state=JobState.FAILED)
    assert as_(world.bob).post(url(world, name, job.pk)).status_code == 404
