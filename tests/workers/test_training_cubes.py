"""What a training run is given: labels, and vote fractions where volunteers differ."""

import numpy as np
import pytest

from lamella.consensus.known import sources_of
from lamella.learning.models import TrainingRun
from tests.factories import (
    disk,
    make_consensus,
    make_correction,
    make_cube,
    make_round,
    make_run,
    make_study,
    make_task,
)
from workers.handlers.train import training_cubes

pytestmark = pytest.mark.django_db


def run_of(**train: bool) -> TrainingRun:
    """A run on one slice of which three volunteers drew disks of different size."""
    study = make_study()
    cube = make_cube(study, voxels=np.zeros((4, 64, 64), np.uint8))
    task = make_task(cube, make_round(study), 2)
    made = [make_correction(task, mask=disk(task, radius=radius)) for radius in (8, 12, 16)]
    make_consensus(task, corrections=made, mask=disk(task, radius=12))
    sources = [source.to_json() for source in sources_of(cube)]
    return make_run(study, config={"train": train}, snapshot={"sources": sources})


def test_a_slice_on_which_people_differ_comes_with_their_votes() -> None:
    (cube,) = training_cubes(run_of(soft_targets=True))
    votes = cube.known[2].fractions
    assert votes is not None
    assert votes.shape == (64, 64)
    np.testing.assert_allclose(np.unique(votes.shares), [1 / 3, 2 / 3], atol=1e-3)


def test_a_study_learns_what_was_agreed_on_unless_told_otherwise() -> None:
    (cube,) = training_cubes(run_of())
    assert cube.known[2].fractions is None
    assert cube.known[2].labels.any()
