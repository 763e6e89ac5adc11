"""Votes behind agreed masks: whose count, and where what was agreed on is all there is."""

import numpy as np
import pytest
from django.utils import timezone
from numpy.typing import NDArray

from lamella.accounts.models import User
from lamella.annotation.models import Correction
from lamella.consensus import services
from lamella.consensus.known import sources_of
from lamella.consensus.models import Consensus
from lamella.consensus.votes import vote_shares
from lamella.cubes.models import Cube, LabelsRole
from lamella.rounds.models import Task
from lamella.studies.classes import class_map
from models.crowd.shares import VoteShares
from tests.factories import (
    disk,
    make_consensus,
    make_correction,
    make_cube,
    make_labels,
    make_round,
    make_study,
    make_task,
    make_user,
    write_voxels,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def cube() -> Cube:
    return make_cube(make_study(redundancy=3))


@pytest.fixture
def dana() -> User:
    return make_user("dana")


def drawn(task: Task, *radii: int) -> list[Correction]:
    return [make_correction(task, mask=disk(task, radius=radius)) for radius in radii]


def agreed(cube: Cube, z: int, *radii: int, **place: int) -> Consensus:
    """A retired task whose volunteers drew disks of these radii; the middle one is agreed on."""
    opened = cube.study.rounds.first() or make_round(cube.study)
    task = make_task(cube, opened, z, **place)
    middle = disk(task, radius=sorted(radii)[len(radii) // 2])
    return make_consensus(task, corrections=drawn(task, *radii), mask=middle)


def votes_of(cube: Cube) -> dict[int, VoteShares]:
    plane = (cube.shape[1], cube.shape[2])
    return dict(vote_shares(sources_of(cube), plane, class_map(cube.study)))


def share_at(votes: VoteShares, y: int, x: int) -> float | None:
    """Share of votes for the first class; None where nothing is disputed."""
    place = np.flatnonzero(votes.pixels == y * votes.shape[1] + x)
    return float(votes.shares[place[0], 0]) if len(place) else None


def test_rings_that_some_drew_have_their_share_of_the_votes(cube: Cube) -> None:
    agreed(cube, 3, 8, 12, 16)
    votes = votes_of(cube)
    assert list(votes) == [3]
    shares = [share_at(votes[3], 32, 32 + r) for r in (4, 10, 14, 20)]
    assert shares == [None, pytest.approx(2 / 3, abs=1e-3), pytest.approx(1 / 3, abs=1e-3), None]


def test_a_single_mask_is_not_disputed(cube: Cube) -> None:
    agreed(cube, 3, 12)
    assert votes_of(cube) == {}


def test_imported_labels_are_not_disputed_and_overrule_nothing_elsewhere(cube: Cube) -> None:
    voxels = np.ones(cube.shape, np.uint8)
    write_voxels("labels/one", voxels, "label")
    make_labels(cube, LabelsRole.TRAINING, uri="labels/one", slices=[5])
    agreed(cube, 3, 8, 16)
    assert list(votes_of(cube)) == [3]


def test_a_withdrawn_mask_does_not_vote(cube: Cube) -> None:
    consensus = agreed(cube, 3, 8, 8, 16)
    Correction.objects.filter(pk=consensus.corrections[2]).update(withdrawn=timezone.now())
    assert votes_of(cube) == {}


def test_a_mask_that_was_called_back_does_not_vote(cube: Cube) -> None:
    consensus = agreed(cube, 3, 8, 12, 16)
    old = Correction.objects.get(pk=consensus.corrections[2])
    new = make_correction(old.task)
    Correction.objects.filter(pk=new.pk).update(supersedes=old)
    votes = votes_of(cube)[3]
    assert share_at(votes, 32, 42) == 0.5
    assert share_at(votes, 32, 46) is None


def test_what_a_manager_accepted_stands_until_that_is_undone(cube: Cube, dana: User) -> None:
    verdict = services.accept(agreed(cube, 3, 8, 12, 16), dana)
    assert votes_of(cube) == {}
    services.undo(verdict, dana)
    assert list(votes_of(cube)) == [3]


def test_what_a_manager_drew_is_not_disputed(cube: Cube, dana: User) -> None:
    consensus = agreed(cube, 3, 8, 12, 16)
    services.fix(consensus, dana, disk(consensus.task, radius=20))
    assert votes_of(cube) == {}


def test_tiles_of_a_slice_keep_their_votes_side_by_side(cube: Cube) -> None:
    left = {"y0": 0, "x0": 0, "height": 64, "width": 32}
    right = {"y0": 0, "x0": 32, "height": 64, "width": 32}
    agreed(cube, 3, 4, 8, **left)
    agreed(cube, 3, 8, 12, **right)
    votes = votes_of(cube)[3]
    assert [share_at(votes, 32, x) for x in (16 + 6, 48 + 6, 48 + 10)] == [0.5, None, 0.5]


def test_unsure_is_no_vote_and_other_values_vote_for_background(cube: Cube) -> None:
    task = make_task(cube, make_round(cube.study), 3)
    corner: NDArray[np.uint8] = np.zeros((64, 64), np.uint8)
    corner[0, :3] = 1
    unsure, stray = corner.copy(), corner.copy()
    unsure[0, 0] = 255
    stray[0, 1] = 7
    made = [make_correction(task, mask=mask) for mask in (corner, unsure, stray)]
    make_consensus(task, corrections=made, mask=corner)
    votes = votes_of(cube)[3]
    assert votes.pixels.tolist() == [1]
    assert votes.shares[0, 0] == pytest.approx(2 / 3, abs=1e-3)
