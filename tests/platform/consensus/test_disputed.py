"""Exports settle what volunteers differed on with the model's word, and nothing else."""

from typing import Any

import numpy as np
import pytest

from lamella.consensus.final import FinalMask
from lamella.consensus.models import Consensus
from lamella.cubes.models import Cube
from lamella.learning.models import Proposal
from lamella.learning.proposals import PROBABILITY, prediction_root
from lamella.studies.models import Study
from lamella.volumes.slabs import create_array
from tests.factories import (
    make_consensus,
    make_correction,
    make_cube,
    make_proposal,
    make_study,
    make_task,
    make_user,
    make_verdict,
    make_version,
    make_volunteer,
)

pytestmark = pytest.mark.django_db
SHAPE = (4, 8, 8)


@pytest.fixture
def study() -> Study:
    return make_study()


@pytest.fixture
def cube(study: Study) -> Cube:
    return make_cube(study, shape=SHAPE)


@pytest.fixture
def proposal(cube: Cube) -> Proposal:
    """A model that is sure of the left half, and was blended into an empty proposal."""
    proposal = make_proposal(
        cube, make_version(cube.study, state="serving"), labels=np.zeros(SHAPE, dtype=np.uint8)
    )
    said = np.zeros((1, *SHAPE), dtype=np.uint8)
    said[..., :4] = 255
    write_prediction(proposal, said)
    return proposal


def write_prediction(proposal: Proposal, said: np.ndarray) -> None:
    root = prediction_root(proposal.model_version_id, proposal.cube_id)
    create_array(root, PROBABILITY, shape=said.shape, dtype=said.dtype).write(0, said)


def disputed(cube: Cube, second: int = 0, **fields: Any) -> Consensus:
    """Of two volunteers one drew the lower half of slice 1, the other its rows from ``second`` on;
    the first one's mask was agreed on, by a hair."""
    task = make_task(cube, z=1)
    masks = []
    for first in (4, second or 8):
        mask = np.zeros(SHAPE[1:], dtype=np.uint8)
        mask[first:] = 1
        masks.append(mask)
    corrections = [make_correction(task, make_volunteer(), mask=mask) for mask in masks]
    shares = np.where(masks[0] > 0, 0.51, 0.49)
    return make_consensus(task, corrections=corrections, mask=masks[0], votes=shares, **fields)


def test_where_volunteers_differ_the_model_decides(cube: Cube, proposal: Proposal) -> None:
    disputed(cube)
    found = FinalMask(cube).slice(1)
    assert found[4:, :4].all()
    assert not found[4:, 4:].any()
    assert not found[:4].any()


def test_where_they_agree_the_model_has_no_say(cube: Cube, proposal: Proposal) -> None:
    disputed(cube, second=6)
    found = FinalMask(cube).slice(1)
    assert not found[:4].any()
    assert found[6:].all()
    assert not found[4:6, 4:].any()


def test_the_mask_of_one_person_alone_stays_as_it_was_drawn(cube: Cube, proposal: Proposal) -> None:
    task = make_task(cube, z=1)
    mask = np.zeros(SHAPE[1:], dtype=np.uint8)
    mask[4:] = 1
    # However little is known of them.
    shares = np.where(mask > 0, 0.6, 0.4)
    only = make_correction(task, make_volunteer(), mask=mask)
    make_consensus(task, corrections=[only], mask=mask, votes=shares)
    assert np.array_equal(FinalMask(cube).slice(1), mask)


def test_what_a_manager_accepted_stays_as_it_was_agreed(cube: Cube, proposal: Proposal) -> None:
    consensus = disputed(cube)
    make_verdict(consensus, make_user("dana"))
    assert FinalMask(cube).slice(1)[4:].all()


def test_what_a_manager_drew_stays(cube: Cube, proposal: Proposal) -> None:
    disputed(cube, aggregator="manager")
    assert FinalMask(cube).slice(1)[4:].all()


def test_without_a_model_what_was_agreed_is_exported(cube: Cube) -> None:
    disputed(cube)
    assert FinalMask(cube).slice(1)[4:].all()


def test_object_ids_are_left_alone(proposal: Proposal, cube: Cube) -> None:
    cube.study.instances = True
    cube.study.save()
    disputed(cube)
    assert FinalMask(cube).slice(1)[4:].all()
