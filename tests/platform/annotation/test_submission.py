"""A mask comes in: stored once, never changed, whatever is sent when."""

import uuid
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.utils import timezone
from numpy.typing import NDArray

from lamella.annotation import submission
from lamella.annotation.masks import mask_of
from lamella.annotation.models import Assignment, Correction
from lamella.annotation.offers import expire_leases, next_assignment
from lamella.annotation.submission import (
    StaleProposalError,
    Submission,
    SubmissionError,
    recall,
    submit,
)
from lamella.consensus.services import recompute
from lamella.jobs.models import Job
from lamella.rounds.models import Task
from lamella.volumes import codec
from tests.factories import disk, make_cube, make_round, make_study, make_task, make_volunteer

pytestmark = pytest.mark.django_db


@pytest.fixture
def task() -> Task:
    study = make_study(redundancy=2)
    return make_task(make_cube(study), make_round(study, 1))


@pytest.fixture
def lease(task: Task) -> Assignment:
    found = next_assignment(task.study, make_volunteer())
    assert found is not None
    return found


def sent(mask: NDArray[Any], proposal: NDArray[Any] | None = None, **changes: Any) -> Submission:
    proposal = np.zeros_like(mask) if proposal is None else proposal
    fields: dict[str, Any] = {
        "id": uuid.uuid4(),
        "proposal_hash": codec.mask_hash(proposal),
        "mask_hash": codec.mask_hash(mask),
        "difference": codec.pack(codec.xor(mask, proposal)),
        "active_seconds": 30.0,
        "strokes": 4,
        "consent_version": "1",
    }
    return Submission(**{**fields, **changes})


def test_the_mask_is_kept_as_drawn_with_its_effort(task: Task, lease: Assignment) -> None:
    mask = disk(task)
    correction, new = submit(lease, sent(mask))
    assert new
    np.testing.assert_array_equal(mask_of(correction), mask)
    assert correction.changed_voxels == int((mask > 0).sum())
    assert (correction.active_seconds, correction.strokes) == (30.0, 4)
    assert Job.objects.filter(kind="consensus", params={"task_id": task.pk}).count() == 1


def test_sending_the_same_twice_stores_it_once(task: Task, lease: Assignment) -> None:
    data = sent(disk(task))
    first, new = submit(lease, data)
    second, again = submit(lease, data)
    assert (new, again) == (True, False)
    assert first == second
    task.refresh_from_db()
    assert task.places_taken == 1


def test_another_mask_under_the_same_key_is_refused(task: Task, lease: Assignment) -> None:
    data = sent(disk(task))
    submit(lease, data)
    with pytest.raises(SubmissionError, match="different mask"):
        submit(lease, sent(disk(task, radius=5), id=data.id))


def test_a_second_mask_needs_a_recall(task: Task, lease: Assignment) -> None:
    submit(lease, sent(disk(task)))
    with pytest.raises(SubmissionError, match="recall"):
        submit(lease, sent(disk(task, radius=5)))
    assert Correction.objects.count() == 1


def test_a_recall_supersedes_and_only_the_new_mask_counts(task: Task, lease: Assignment) -> None:
    old, _ = submit(lease, sent(disk(task)))
    new, _ = recall(old, sent(disk(task, radius=5)))
    assert new.supersedes == old
    Task.objects.filter(pk=task.pk).update(redundancy=1)
    consensus = recompute(task.pk)
    assert consensus is not None
    assert consensus.corrections == [str(new.pk)]
    np.testing.assert_array_equal(mask_of(Correction.objects.get(pk=old.pk)), disk(task))


def test_an_old_mask_is_recalled_only_once(task: Task, lease: Assignment) -> None:
    old, _ = submit(lease, sent(disk(task)))
    recall(old, sent(disk(task, radius=5)))
    with pytest.raises(SubmissionError):
        recall(old, sent(disk(task, radius=6)))


def test_a_mask_after_its_lease_is_stored_and_credited(task: Task, lease: Assignment) -> None:
    Assignment.objects.filter(pk=lease.pk).update(lease_until=timezone.now() - timedelta(hours=1))
    expire_leases()
    lease.refresh_from_db()
    correction, _ = submit(lease, sent(disk(task)))
    assert correction.late
    lease.refresh_from_db()
    task.refresh_from_db()
    assert lease.state == Assignment.State.SUBMITTED
    assert (lease.holds_place, task.places_taken) == (True, 1)


def test_a_mask_after_the_retirement_is_stored_without_a_place(
    task: Task, lease: Assignment
) -> None:
    Assignment.objects.filter(pk=lease.pk).update(lease_until=timezone.now() - timedelta(hours=1))
    expire_leases()
    lease.refresh_from_db()
    Task.objects.filter(pk=task.pk).update(state=Task.State.RETIRED)
    correction, _ = submit(lease, sent(disk(task)))
    lease.refresh_from_db()
    assert (correction.late, lease.holds_place) == (True, False)


def test_a_mask_over_another_proposal_is_refused(task: Task, lease: Assignment) -> None:
    other = disk(task, radius=3)
    with pytest.raises(StaleProposalError, match="another proposal"):
        submit(lease, sent(disk(task), other))


def test_a_mask_that_does_not_match_its_checksum_is_refused(task: Task, lease: Assignment) -> None:
    with pytest.raises(SubmissionError, match="damaged"):
        submit(lease, sent(disk(task), mask_hash="0" * 64))


def test_a_value_that_is_no_class_is_refused(task: Task, lease: Assignment) -> None:
    with pytest.raises(SubmissionError, match="value 7"):
        submit(lease, sent(disk(task, value=7)))


def test_unsure_is_welcome(task: Task, lease: Assignment) -> None:
    mask = disk(task, value=codec.unsure_of(np.uint8))
    correction, _ = submit(lease, sent(mask))
    np.testing.assert_array_equal(mask_of(correction), mask)


def test_a_mask_of_another_size_is_refused(task: Task, lease: Assignment) -> None:
    small = np.zeros((3, 3), np.uint8)
    proposal = np.zeros((task.height, task.width), np.uint8)
    with pytest.raises(codec.MaskError):
        submit(lease, sent(small, small, proposal_hash=codec.mask_hash(proposal)))
    assert not Correction.objects.exists()


def test_large_masks_spill_to_the_store(
    task: Task, lease: Assignment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(submission, "SPILL_BYTES", 10)
    mask = disk(task)
    correction, _ = submit(lease, sent(mask))
    correction.refresh_from_db()
    assert correction.mask_file
    assert not bytes(correction.mask)
    np.testing.assert_array_equal(mask_of(correction), mask)
