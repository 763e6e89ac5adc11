"""A study whose labels are ids of objects, from seeds to export: what touches stays apart."""

import numpy as np
import pytest
from django.test import Client
from numpy.typing import NDArray

from lamella.consensus.final import FinalMask
from lamella.cubes.models import LabelsRole
from lamella.learning.proposals import labels_reader
from lamella.learning.selectors import current_proposal
from lamella.loop.services import after_job
from tests.factories import make_study, make_user
from tests.flows.tiny import QUICK, add_cube, add_labels, correct_next, drain

pytestmark = [pytest.mark.django_db(transaction=True)]

SHAPE = (20, 64, 64)
# Middles of the objects, (y, x): the first two touch along all of z.
LEFT, RIGHT, OTHER = (20, 16), (20, 38), (50, 30)
SEEDS = [3, 10, 17]


def rods() -> NDArray[np.uint16]:
    """Ids of three rods along z, of which each slice has its own: nobody numbers across slices."""
    labels = np.zeros(SHAPE, np.uint16)
    for z in range(SHAPE[0]):
        a, b, c = np.roll([1, 2, 3], z)
        labels[z, 12:28, 6:27] = a
        labels[z, 12:28, 27:48] = b
        labels[z, 44:56, 16:46] = c
    return labels


def test_objects_keep_their_number_through_the_cube_whatever_people_called_them() -> None:
    study = make_study(
        alice=make_user("alice"),
        label_dtype="uint16",
        instances=True,
        redundancy=1,
        round_share=0.1,
        max_rounds=2,
        target_dice=1.0,
        settings=QUICK,
    )
    truth = rods()
    noise = np.random.default_rng(0).normal(0, 25, SHAPE)
    cube = add_cube(study, np.clip(70 + 90 * (truth > 0) + noise, 0, 255).astype(np.uint8))
    add_labels(cube, truth, LabelsRole.TRAINING, SEEDS)
    after_job(study)
    drain()

    proposal = current_proposal(cube)
    assert proposal is not None
    proposed = labels_reader(proposal).read()
    numbers = [{int(plane[at]) for plane in proposed} for at in (LEFT, RIGHT, OTHER)]
    assert [len(found) for found in numbers] == [1, 1, 1]
    assert len(set.union(*numbers)) == 3
    assert proposal.highest_id == proposed.max()

    # Alice cuts the right rod in two, and the smaller part is new.
    alice = Client()
    alice.force_login(study.memberships.get(role="volunteer").user)
    cut: list[int] = []

    def draw(task: dict[str, object], shown: NDArray[np.uint32]) -> NDArray[np.uint32]:
        z, y0, x0 = (int(str(task[name])) for name in ("z", "y0", "x0"))
        mask = np.zeros(SHAPE[1:], np.uint32)
        place = mask[y0 : y0 + shown.shape[0], x0 : x0 + shown.shape[1]]
        place[:] = shown
        if shown.shape == mask.shape:
            cut.append(z)
            mask[22:28, 27:48] = shown.max() + 1
        return mask

    while correct_next(alice, study.slug, draw):
        pass
    assert cut
    drain()
    final = FinalMask(cube, proposal)
    below = (25, 38)
    assert all(final.slice(z)[below] > proposal.highest_id for z in cut)
    assert all(final.slice(z)[LEFT] == proposed[z][LEFT] for z in cut)

    later = current_proposal(cube)
    assert later is not None
    assert later != proposal
    again = labels_reader(later).read()
    for z in cut:
        near = [at for at in (z - 1, z, z + 1) if 0 <= at < SHAPE[0] and at not in SEEDS]
        assert all(again[at][below] != again[at][15, 38] for at in near)
