"""What a training job is given, when what it was frozen on is there no more."""

import numpy as np
import pytest

from lamella.cubes.models import Cube
from lamella.jobs.errors import UserError
from lamella.jobs.logs import log_of
from lamella.jobs.models import Job, JobState
from lamella.learning.models import ModelVersion, TrainingRun
from lamella.loop.training import start_pretraining
from tests.factories import make_cube, make_run, make_study, make_version
from workers.handlers.pretrain import frozen_cubes
from workers.runner import run_job
from workers.runs import origin_of

pytestmark = pytest.mark.django_db(transaction=True)


def pretraining() -> TrainingRun:
    """A run on two cubes of noise, that waits for a worker."""
    settings = {
        "pretrain": {"max_steps": 2, "max_seconds": None, "crop": 32, "windows": 2},
        "network": {"channels": [4, 8], "critic_channels": [4, 8], "recurrent_channels": 4},
    }
    study = make_study(settings=settings, state="draft")
    rng = np.random.default_rng(0)
    for name in ("one", "two"):
        make_cube(study, name, voxels=rng.integers(0, 255, (6, 32, 32)).astype(np.uint8))
    return start_pretraining(study)


def test_cubes_come_in_their_order_and_without_labels() -> None:
    cubes = frozen_cubes(pretraining())
    assert [cube.key for cube in cubes] == [c.checksum for c in Cube.objects.order_by("pk")]
    assert all(not cube.known for cube in cubes)
    assert cubes[0].voxel_size == (50.0, 10.0, 10.0)


def test_a_run_ends_in_a_version_to_start_from_with_a_curve_of_losses_alone() -> None:
    run = pretraining()
    assert run_job(str(run.job_id)) == "done"
    run.refresh_from_db()
    version = run.model_version
    assert (run.state, version.kind, version.state) == ("done", "pretrained", "origin")
    assert version.metrics.keys() == {"steps", "seconds"}
    assert run.curves[-1].keys() == {"step", "seconds", "cross_entropy", "dice"}
    assert Job.objects.filter(kind="advance", scope=run.study.slug).exists()


def test_the_log_of_a_run_tells_what_it_learns_from_and_how_it_went() -> None:
    run = pretraining()
    run_job(str(run.job_id))
    lines = log_of(run.job_id)
    assert f"training run {run.pk}: 12 slices, from nothing, code " in lines
    assert "step 2, " in lines
    assert "100 %: cross_entropy " in lines
    assert "trained: 2 steps in " in lines


@pytest.mark.parametrize(
    ("change", "words"), [("removed", "removed since"), ("another", "“two” .* was read anew since")]
)
def test_a_cube_that_is_another_by_now_ends_the_run_with_one_sentence(
    change: str, words: str
) -> None:
    run = pretraining()
    assert run.job is not None
    cube = Cube.objects.filter(name="two")
    if change == "removed":
        cube.delete()
    else:
        cube.update(checksum="f" * 64)
    with pytest.raises(UserError, match=words):
        frozen_cubes(run)
    assert run_job(str(run.job_id)) == "failed"
    run.refresh_from_db()
    assert run.state == TrainingRun.State.FAILED
    assert run.error.endswith("start a new run.")
    run.job.refresh_from_db()
    assert run.job.state == JobState.FAILED


def test_a_run_whose_origin_was_deleted_says_so_and_does_not_start_from_nothing() -> None:
    study = make_study()
    origin = make_version(study, 1, checkpoint="models/1/run-1.safetensors")
    frozen = {"origin": {"kind": "trained", "checksum": "c" * 64}}
    run = make_run(study, origin=origin, snapshot=frozen)
    path = origin_of(run)
    assert path is not None
    assert path.name == "run-1.safetensors"
    ModelVersion.objects.all().delete()
    run.refresh_from_db()
    with pytest.raises(UserError, match="was deleted; start a new run"):
        origin_of(run)
    assert origin_of(make_run(study)) is None
