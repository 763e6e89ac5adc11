"""What offers ask of a volunteer is written down as it changes, and read in one query."""

from typing import Any

import numpy as np
import pytest

from lamella.accounts.models import User, Volunteer
from lamella.annotation.counting import withdraw
from lamella.annotation.holding import let_go, quarantine
from lamella.annotation.known import Known, known_in, known_of, told
from lamella.annotation.models import Correction, Participation
from lamella.annotation.offers import next_assignment, next_for, release
from lamella.annotation.practice import Accuracy, accuracy
from lamella.annotation.proven import Standing, standing
from lamella.annotation.submission import submit
from lamella.cubes.models import LabelsRole
from lamella.rounds.masks import task_proposal
from lamella.rounds.models import Task
from lamella.studies.models import Study
from tests import factories as make
from tests.platform.annotation.test_submission import sent

pytestmark = pytest.mark.django_db

SIDE = 64


@pytest.fixture
def study() -> Study:
    return make.make_study()


@pytest.fixture
def alice() -> Volunteer:
    return make.make_volunteer()


@pytest.fixture
def gold(study: Study) -> list[Task]:
    """Three practice slices, on each of which the experts drew a disc."""
    y, x = np.ogrid[:SIDE, :SIDE]
    disc = ((y - 32) ** 2 + (x - 32) ** 2 <= 100).astype(np.uint8)
    cube = make.make_cube(study, voxels=np.stack([disc] * 8) * 100)
    labels = make.make_labels(cube, LabelsRole.GOLD, uri="labels/known.zarr", slices=[1, 2, 5])
    make.write_voxels(labels.uri, np.stack([disc] * 8), "label")
    return [make.make_task(cube, None, z, kind=Task.Kind.GOLD) for z in (1, 2, 5)]


def hand_in(study: Study, volunteer: Volunteer, mask: np.ndarray | None = None) -> Correction:
    lease = next_assignment(study, volunteer)
    assert lease is not None
    shown = task_proposal(lease.task)
    return submit(lease, sent(shown if mask is None else mask, shown))[0]


def now(study: Study, volunteer: Volunteer) -> Known:
    return known_of(study, volunteer)


def test_slices_are_counted_from_the_last_one_of_practice(study: Study, alice: Volunteer) -> None:
    opened = make.make_round(study, 1)
    cube = make.make_cube(study, shape=(16, SIDE, SIDE))
    for z in range(3):
        make.make_task(cube, opened, z)
    assert now(study, alice).since_practice == 0
    for _ in range(3):
        hand_in(study, alice)
    assert now(study, alice).since_practice == 3
    make.make_task(cube, None, 9, kind=Task.Kind.GOLD)
    assert hand_in(study, alice).assignment.practice
    assert now(study, alice).since_practice == 0


def test_how_practice_went_follows_which_masks_count(
    study: Study, alice: Volunteer, gold: list[Task]
) -> None:
    assert now(study, alice).practice is None
    made = [hand_in(study, alice) for _ in gold]
    assert now(study, alice).practice == Accuracy(0.0, 3)
    withdraw(made[0])
    assert now(study, alice).practice == accuracy(study.pk, alice.pk) == Accuracy(0.0, 2)
    dana = make.make_user("dana")
    quarantine(study, alice, reason="Looks odd.", by=dana)
    assert now(study, alice).practice is None
    assert now(study, alice).in_quarantine
    let_go(study, alice.pk, by=dana)
    assert now(study, alice).practice == Accuracy(0.0, 2)


def test_who_practised_before_it_was_written_down_is_judged_by_their_masks(
    study: Study, alice: Volunteer, gold: list[Task]
) -> None:
    for _ in gold:
        hand_in(study, alice)
    Correction.objects.update(gold_dice=0.9)
    Participation.objects.update(practised=None, practice_dice=None)
    known = now(study, alice)
    assert (known.practice, known.settled) == (None, False)
    assert standing(study, known) == Standing.PROVEN


def test_a_lease_that_ended_since_it_was_read_is_not_given_again(
    study: Study, alice: Volunteer
) -> None:
    opened = make.make_round(study, 1)
    for z in range(2):
        make.make_task(make.make_cube(study, f"cube {z}"), opened, z)
    first = next_assignment(study, alice)
    assert first is not None
    known = now(study, alice)
    release(first)
    again = next_for(study, known)
    assert again is not None
    assert again != first


def test_another_study_tells_nothing_of_this_one(
    study: Study, alice: Volunteer, gold: list[Task]
) -> None:
    hand_in(study, alice)
    other = make.make_study("heart")
    quarantine(other, alice, reason="Looks odd.", by=make.make_user("dana"))
    here, there = now(study, alice), now(other, alice)
    assert (here.in_quarantine, there.in_quarantine) == (False, True)
    assert (here.practice, there.practice) == (Accuracy(0.0, 1), None)


def test_a_lease_in_hand_is_named_until_the_task_is_agreed_on_without_it(
    study: Study, alice: Volunteer
) -> None:
    task = make.make_task(make.make_cube(study), make.make_round(study, 1), 0)
    lease = next_assignment(study, alice)
    assert lease is not None
    assert now(study, alice).held == lease.pk
    Task.objects.filter(pk=task.pk).update(state=Task.State.RETIRED)
    assert now(study, alice).held is None


def test_it_is_one_query(study: Study, alice: Volunteer, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        told(known_in(study).get(pk=alice.pk), None)


def test_a_manager_is_known_by_their_role(study: Study) -> None:
    dana: User = make.make_user("dana")
    made = make.make_study("heart", dana=dana)
    assert now(made, make.make_volunteer(dana)).role == "manager"
