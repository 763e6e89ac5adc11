"""Errors planted in gold slices: shown as work, told of afterwards, and learned from by nothing."""

import numpy as np
import pytest
from django.test import Client

from lamella.annotation.feedback import practice_message
from lamella.annotation.models import Assignment
from lamella.annotation.offers import next_assignment
from lamella.annotation.payload import payload_of
from lamella.annotation.submission import SubmissionError, recall, submit
from lamella.consensus.learning import refresh_skills
from lamella.consensus.models import Evidence
from lamella.cubes.models import Cube, LabelsRole
from lamella.rounds.gold import gold_mask, make_gold_tasks
from lamella.rounds.masks import task_proposal
from lamella.rounds.models import Task
from lamella.volumes import codec
from tests import factories as make
from tests.platform.annotation.test_submission import sent

pytestmark = pytest.mark.django_db

DEPTH, SIDE = 8, 64


@pytest.fixture
def truth() -> np.ndarray:
    y, x = np.ogrid[:SIDE, :SIDE]
    discs = [(y - cy) ** 2 + (x - cx) ** 2 <= 36 for cy, cx in ((14, 14), (14, 48), (48, 20))]
    return np.stack([np.any(discs, axis=0).astype(np.uint8)] * DEPTH)


@pytest.fixture
def cube(truth: np.ndarray) -> Cube:
    """A study of Alice's and Dana's with nothing to do but practice."""
    study = make.make_study(alice=make.make_user("alice"), dana=make.make_user("dana"))
    cube = make.make_cube(study, voxels=truth * 100)
    labels = make.make_labels(cube, LabelsRole.GOLD, uri="labels/planted.zarr", slices=[1, 2, 5])
    make.write_voxels(labels.uri, truth, "label")
    make_gold_tasks(study)
    return cube


@pytest.fixture
def planted(cube: Cube) -> Assignment:
    """Alice's practice with a planted error; the plain ones were handed in before."""
    alice = make.make_volunteer(cube.study.memberships.get(role="volunteer").user)
    while (found := next_assignment(cube.study, alice)) and not found.task.planted:
        plain = task_proposal(found.task)
        submit(found, sent(plain, plain))
    assert found is not None
    return found


def test_every_second_gold_slice_has_an_error_and_the_others_the_machines_proposal(
    cube: Cube, truth: np.ndarray
) -> None:
    tasks = list(Task.objects.filter(kind=Task.Kind.GOLD).order_by("z"))
    assert [bool(task.planted) for task in tasks] == [False, True, False]
    shown = task_proposal(tasks[1])
    assert (shown != truth[2]).any()
    assert (gold_mask(tasks[1]) == truth[2]).all()
    assert not task_proposal(tasks[1], 3).any(), "the neighbours are as the machine sees them"


def test_the_page_is_not_told_which_slice_it_is(planted: Assignment) -> None:
    payload = payload_of(planted)
    assert payload.kind == "work"
    assert payload.proposal.origin == "machine"
    assert payload.proposal.hash == codec.mask_hash(task_proposal(planted.task))
    assert payload.doubtful == []


def test_who_hands_in_the_truth_has_found_it(planted: Assignment, truth: np.ndarray) -> None:
    correction, _ = submit(planted, sent(truth[2], task_proposal(planted.task)))
    assert correction.mended is True
    assert "and you" in practice_message(correction)


def test_who_hands_in_what_was_shown_is_told_what_is_wrong(planted: Assignment) -> None:
    shown = task_proposal(planted.task)
    correction, _ = submit(planted, sent(shown, shown))
    assert correction.mended is False
    assert "still" in practice_message(correction)


def test_the_answer_that_was_shown_cannot_be_handed_in_after_it(
    planted: Assignment, truth: np.ndarray
) -> None:
    shown = task_proposal(planted.task)
    correction, _ = submit(planted, sent(shown, shown))
    with pytest.raises(SubmissionError, match="cannot be called back"):
        recall(correction, sent(truth[2], shown))


def test_a_planted_error_says_nothing_of_the_machine(planted: Assignment) -> None:
    shown = task_proposal(planted.task)
    correction, _ = submit(planted, sent(shown, shown))
    refresh_skills()
    told = Evidence.objects.filter(task=planted.task)
    assert [one.volunteer_id for one in told] == [correction.volunteer_id]


def test_dana_sees_how_many_planted_errors_alice_found(planted: Assignment, client: Client) -> None:
    shown = task_proposal(planted.task)
    submit(planted, sent(shown, shown))
    study = planted.task.study
    client.force_login(study.memberships.get(role="manager").user)
    assert "0 of 1" in client.get(f"/studies/{study.slug}/people/").content.decode()
    client.force_login(study.memberships.get(role="volunteer").user)
    assert client.get(f"/studies/{study.slug}/people/").status_code in (403, 404)
