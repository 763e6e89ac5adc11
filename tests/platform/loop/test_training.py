"""Starting a run: where it begins, what it freezes, and what is refused."""

import numpy as np
import pytest

from lamella.cubes.models import LabelsRole, VolumeState
from lamella.jobs.kinds import end_hooks
from lamella.jobs.models import JobState
from lamella.learning.models import ModelVersion, TrainingRun
from lamella.learning.services import run_ended
from lamella.loop import serving
from lamella.loop.errors import LoopError, UnderWayError
from lamella.loop.services import nudge
from lamella.loop.situation import candidate_version, situation_of
from lamella.loop.steps import Situation
from lamella.loop.training import Begin, start_pretraining, start_training
from lamella.rounds.models import Task
from lamella.studies.models import Study
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def study() -> Study:
    """One cube with two labelled slices; version 1 serves, version 2 was pretrained."""
    study = make.make_study(settings={"pretrain": {"max_steps": 7}})
    voxels = np.zeros((4, 32, 32), np.uint8)
    voxels[:, 8:20, 8:20] = 1
    cube = make.make_cube(study, "block", voxels=voxels)
    labels = make.make_labels(cube, LabelsRole.TRAINING, uri="labels/x.zarr", slices=[0, 2])
    make.write_voxels(labels.uri, voxels, "label")
    make.make_version(study, 1, state=ModelVersion.State.SERVING)
    make.make_version(
        study,
        2,
        kind=ModelVersion.Kind.PRETRAINED,
        state=ModelVersion.State.ORIGIN,
        checksum="c" * 64,
    )
    return study


def version(study: Study, number: int) -> ModelVersion:
    return study.model_versions.get(number=number)


def test_unless_told_otherwise_the_serving_version_goes_on_learning(study: Study) -> None:
    run = start_training(study)
    assert (run.kind, run.parent, run.origin) == ("train", version(study, 1), None)
    assert (run.config["train"]["taken"], run.config["train"]["trainable"]) == ("everything",) * 2


def test_a_run_from_nothing_has_no_parent_although_a_version_serves(study: Study) -> None:
    run = start_training(study, begin=Begin.NOTHING)
    assert (run.parent, run.origin) == (None, None)


def test_a_version_by_name_is_the_origin_and_no_parent(study: Study) -> None:
    origin = version(study, 2)
    run = start_training(study, begin=origin, taken="encoder", trainable="decoder")
    assert (run.parent, run.origin) == (None, origin)
    assert (run.config["train"]["taken"], run.config["train"]["trainable"]) == (
        "encoder",
        "decoder",
    )
    assert run.snapshot["origin"] == {"kind": "pretrained", "checksum": "c" * 64}


def test_what_is_not_chosen_is_left_to_the_studys_settings(study: Study) -> None:
    study.settings = {"train": {"taken": "encoder"}}
    run = start_training(study, begin=version(study, 2), trainable="decoder")
    assert (run.config["train"]["taken"], run.config["train"]["trainable"]) == (
        "encoder",
        "decoder",
    )


def test_choices_that_do_not_go_together_are_refused_with_one_sentence(study: Study) -> None:
    with pytest.raises(LoopError, match="encoder must come from somewhere"):
        start_training(study, begin=Begin.NOTHING, trainable="decoder")
    with pytest.raises(LoopError, match="chosen by name"):
        start_training(study, taken="encoder")
    assert start_training(study, trainable="decoder").parent == version(study, 1)


def test_pretraining_freezes_the_cubes_and_their_checksums(study: Study) -> None:
    cube = study.cubes.get()
    make.make_cube(study, "being read", state=VolumeState.INGESTING)
    run = start_pretraining(study)
    assert (run.kind, run.parent, run.origin) == ("pretrain", None, None)
    assert run.snapshot["cubes"] == [{"id": cube.pk, "checksum": cube.checksum}]
    assert run.snapshot["slices"] == 4
    assert run.config["pretrain"]["max_steps"] == 7
    assert run.config["network"]["anisotropy"] == 5.0
    assert run.job is not None
    assert (run.job.kind, run.job.queue) == ("pretrain", "heavy")
    assert run.job.title == "Pretrain on 4 slices without labels"
    assert run_ended in end_hooks("pretrain")


def test_pretraining_without_a_ready_cube_says_what_is_missing() -> None:
    with pytest.raises(LoopError, match="No cube of “Liver 3” is ready"):
        start_pretraining(make.make_study())


def test_of_training_and_pretraining_one_is_under_way_at_a_time(study: Study) -> None:
    first = start_pretraining(study)
    for start in (start_training, start_pretraining):
        with pytest.raises(UnderWayError, match=f"Training run {first.pk} is under way already"):
            start(study)
    assert study.training_runs.count() == 1


def test_a_pretraining_run_is_no_training_run_in_the_eyes_of_the_loop(study: Study) -> None:
    before = situation_of(study)
    run = start_pretraining(study)
    now = situation_of(study)
    assert (now.busy, now.pretraining) == (False, True)
    assert (now.trained_on, now.round_to_learn) == (before.trained_on, before.round_to_learn)
    assert nudge() == 0, "training waits for its end"
    assert run.job is not None
    run.job.state = JobState.DONE
    run.job.save()
    TrainingRun.objects.update(state=TrainingRun.State.DONE)
    assert situation_of(study) == before
    assert nudge() == 1
    assert candidate_version(study) is None


def test_a_pretrained_version_never_serves(study: Study) -> None:
    pretrained = version(study, 2)
    make.make_version(study, 3)
    serving.promote(version(study, 3))
    for decide in (serving.promote, serving.rollback_preview, serving.rollback):
        with pytest.raises(LoopError, match="pretrained without labels"):
            decide(pretrained)
    pretrained.refresh_from_db()
    assert pretrained.state == ModelVersion.State.ORIGIN


def test_a_study_whose_volunteers_have_work_is_not_read_through(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = make.make_task(study.cubes.get(), make.make_round(study, number=1), 1)
    read: list[Study] = []

    def reading(study: Study) -> Situation:
        read.append(study)
        return situation_of(study)

    monkeypatch.setattr("lamella.loop.services.situation_of", reading)
    assert nudge() == 0
    assert read == []
    Task.objects.filter(pk=task.pk).update(state=Task.State.RETIRED)
    assert nudge() == 1
    assert read == [study]
