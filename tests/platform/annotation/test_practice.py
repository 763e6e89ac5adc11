"""Practice on gold: what a volunteer is told and shown once their mask is handed in."""

import numpy as np
import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from lamella.annotation.models import Assignment, Correction
from lamella.annotation.practice import Accuracy, accuracies, accuracy
from lamella.cubes.models import LabelsRole
from lamella.rounds.models import Task
from lamella.volumes import codec
from tests import factories as make

pytestmark = pytest.mark.django_db

DEPTH, SIDE = 4, 48


@pytest.fixture
def truth() -> np.ndarray:
    y, x = np.ogrid[:SIDE, :SIDE]
    disc = (y - 24) ** 2 + (x - 24) ** 2 <= 100
    return np.stack([disc.astype(np.uint8)] * DEPTH)


@pytest.fixture
def practice(truth: np.ndarray) -> Correction:
    """Alice has handed in what the experts drew, but for a corner."""
    alice = make.make_user("alice")
    study = make.make_study(alice=alice)
    cube = make.make_cube(study, shape=truth.shape)
    labels = make.make_labels(cube, LabelsRole.GOLD, uri="labels/practice.zarr", slices=[1, 2])
    make.write_voxels(labels.uri, truth, "label")
    task = make.make_task(cube, None, 1, kind=Task.Kind.GOLD)
    mask = truth[1].copy()
    mask[:20] = 0
    made = make.make_correction(task, make.make_volunteer(alice), mask=mask)
    Assignment.objects.filter(pk=made.assignment_id).update(practice=True)
    made.refresh_from_db()
    return made


def address(correction: Correction) -> str:
    return f"/api/v1/corrections/{correction.pk}/gold"


def test_alice_sees_what_the_experts_drew(
    client: Client, practice: Correction, truth: np.ndarray
) -> None:
    assert practice.volunteer.user is not None
    client.force_login(practice.volunteer.user)
    answer = client.get(address(practice))
    assert answer.status_code == 200
    assert (codec.unpack(answer.content, shape=(SIDE, SIDE), dtype=np.uint8) == truth[1]).all()


def test_nobody_else_sees_it(client: Client, practice: Correction) -> None:
    assert client.get(address(practice)).status_code == 404
    charlie = make.make_user("charlie")
    make.make_volunteer(charlie)
    client.force_login(charlie)
    assert client.get(address(practice)).status_code == 404


def test_the_profile_shows_how_well_practice_went(client: Client, practice: Correction) -> None:
    assert practice.volunteer.user is not None
    client.force_login(practice.volunteer.user)
    found = accuracy(practice.task.study_id, practice.volunteer_id)
    assert found is not None
    assert (found.slices, 0.7 < found.dice < 1) == (1, True)
    html = client.get("/profile/").content.decode()
    assert f"{round(100 * found.dice)}\u202f% like the experts’, 1 slice" in html


def test_gold_that_was_taken_away_is_told_in_a_sentence(
    client: Client, practice: Correction
) -> None:
    practice.task.cube.labels.all().delete()
    assert practice.volunteer.user is not None
    client.force_login(practice.volunteer.user)
    answer = client.get(address(practice))
    assert answer.status_code == 404
    assert "taken away" in answer.json()["detail"]


def test_a_practice_mask_without_a_score_is_scored_when_it_is_asked_for(
    practice: Correction, truth: np.ndarray
) -> None:
    """This one came in before scores were kept."""
    assert practice.gold_dice is None
    found = accuracy(practice.task.study_id, practice.volunteer_id)
    cut = truth[1].copy()
    cut[:20] = 0
    assert found is not None
    assert found.dice == pytest.approx(2 * cut.sum() / (cut.sum() + truth[1].sum()))


def test_a_score_that_is_kept_is_not_worked_out_again(
    practice: Correction, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    Correction.objects.update(gold_dice=0.5)
    study, alice = practice.task.study, practice.volunteer
    with django_assert_num_queries(1):
        assert accuracy(study.pk, alice.pk) == Accuracy(0.5, 1)
    with django_assert_num_queries(1):
        assert accuracies(alice) == {study.pk: Accuracy(0.5, 1)}
