"""Consensus: made of what counts, and judged by managers, each verdict undoable."""

import numpy as np
import pytest
from django.utils import timezone

from lamella.accounts.models import User
from lamella.annotation.counting import withdraw_all
from lamella.annotation.models import Assignment
from lamella.consensus import services
from lamella.consensus.compute import aggregate
from lamella.consensus.models import Consensus
from lamella.consensus.services import VerdictError, counted, recompute
from lamella.jobs.models import Job
from lamella.rounds.models import Task
from lamella.volumes import codec
from tests.factories import (
    disk,
    make_correction,
    make_cube,
    make_round,
    make_study,
    make_task,
    make_user,
    make_volunteer,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def task() -> Task:
    study = make_study(redundancy=3)
    return make_task(make_cube(study), make_round(study, 1))


@pytest.fixture
def dana() -> User:
    return make_user("dana")


def hand_in(task: Task, radius: int = 12) -> None:
    make_correction(task, mask=disk(task, radius=radius))
    # A mask beyond the redundancy came late, and holds no place.
    places = min(task.corrections.count(), Task.objects.get(pk=task.pk).redundancy)
    Task.objects.filter(pk=task.pk).update(places_taken=places)


def agreed(task: Task) -> Consensus:
    for _ in range(3):
        hand_in(task)
    found = recompute(task.pk)
    assert found is not None
    task.refresh_from_db()
    return found


def test_one_mask_of_three_asks_for_more(task: Task) -> None:
    hand_in(task)
    consensus = recompute(task.pk)
    assert consensus is not None
    assert consensus.action == "ask"
    task.refresh_from_db()
    assert task.state == Task.State.OPEN


def test_enough_masks_retire_the_task_with_a_stored_reason(task: Task) -> None:
    consensus = agreed(task)
    assert consensus.action == "retire"
    assert task.state == Task.State.RETIRED
    assert task.retire_reason == consensus.reason != ""
    assert Job.objects.filter(kind="advance").exists()


def test_computing_twice_changes_nothing(task: Task) -> None:
    first = agreed(task)
    assert recompute(task.pk) == first
    assert task.consensuses.count() == 1


def test_replaying_the_corrections_gives_the_same_mask(task: Task) -> None:
    consensus = agreed(task)
    again = aggregate(Task.objects.get(pk=task.pk), counted(task))
    assert again is not None
    assert codec.mask_hash(again.mask) == consensus.mask_hash
    assert again.probability == bytes(consensus.probability)


def test_the_older_consensus_is_kept_beside_the_current_one(task: Task) -> None:
    hand_in(task)
    recompute(task.pk)
    hand_in(task, radius=10)
    recompute(task.pk)
    assert task.consensuses.count() == 2
    assert task.consensuses.filter(current=True).count() == 1


def test_withdrawn_marks_no_longer_count(task: Task) -> None:
    alice = make_volunteer()
    make_correction(task, alice, mask=disk(task, radius=20))
    hand_in(task, radius=8)
    recompute(task.pk)
    assert withdraw_all(alice) == 1
    consensus = recompute(task.pk)
    assert consensus is not None
    assert len(consensus.corrections) == 1
    job = Job.objects.get(kind="recount")
    assert job.params == {"study_id": task.study_id, "volunteer_id": str(alice.pk)}


def test_when_all_marks_are_withdrawn_the_task_is_open_again(task: Task) -> None:
    alice = make_volunteer()
    make_correction(task, alice)
    recompute(task.pk)
    withdraw_all(alice)
    assert recompute(task.pk) is None
    task.refresh_from_db()
    assert task.state == Task.State.OPEN


def test_practice_never_counts(task: Task) -> None:
    correction = make_correction(task)
    Assignment.objects.filter(pk=correction.assignment_id).update(practice=True)
    assert recompute(task.pk) is None


def test_accepting_can_be_undone(task: Task, dana: User) -> None:
    verdict = services.accept(agreed(task), dana)
    task.refresh_from_db()
    assert task.state == Task.State.ACCEPTED
    services.undo(verdict, dana)
    task.refresh_from_db()
    assert task.state == Task.State.RETIRED
    with pytest.raises(VerdictError, match="before"):
        services.undo(verdict, dana)


def test_sending_back_opens_places_with_a_word_and_can_be_undone(task: Task, dana: User) -> None:
    verdict = services.send_back(agreed(task), dana, "Mind the rim.")
    task.refresh_from_db()
    assert (task.state, task.redundancy, task.note) == (Task.State.OPEN, 6, "Mind the rim.")
    services.undo(verdict, dana)
    task.refresh_from_db()
    assert (task.state, task.redundancy, task.note) == (Task.State.RETIRED, 3, "")


def test_a_fix_replaces_the_mask_and_can_be_undone(task: Task, dana: User) -> None:
    consensus = agreed(task)
    drawn = disk(task, radius=4)
    verdict = services.fix(consensus, dana, drawn)
    assert verdict.result is not None
    fixed = codec.unpack(bytes(verdict.result.mask), dtype=np.uint8)
    np.testing.assert_array_equal(fixed, drawn)
    assert task.consensuses.get(current=True) == verdict.result
    services.undo(verdict, dana)
    assert task.consensuses.get(current=True) == consensus


def test_a_fix_stands_when_the_same_masks_are_computed_again(task: Task, dana: User) -> None:
    verdict = services.fix(agreed(task), dana, disk(task, radius=4))
    assert recompute(task.pk) == verdict.result


def test_a_fix_of_another_size_is_refused(task: Task, dana: User) -> None:
    with pytest.raises(VerdictError, match="whole task"):
        services.fix(agreed(task), dana, np.zeros((2, 2), np.uint8))


def test_a_verdict_on_an_outdated_consensus_is_refused(task: Task, dana: User) -> None:
    old = agreed(task)
    hand_in(task, radius=9)
    recompute(task.pk)
    with pytest.raises(VerdictError, match="New masks"):
        services.accept(old, dana)


def test_a_verdict_cannot_be_undone_once_newer_masks_came(task: Task, dana: User) -> None:
    verdict = services.send_back(agreed(task), dana, "")
    hand_in(task, radius=9)
    recompute(task.pk)
    with pytest.raises(VerdictError, match="New masks"):
        services.undo(verdict, dana)


def test_retirement_notes_when(task: Task) -> None:
    agreed(task)
    assert task.retired is not None
    assert abs((timezone.now() - task.retired).total_seconds()) < 60
