"""A volunteer's mask comes in: checked, stored once, never changed.

What is acknowledged is in the database; the same submission sent again gets the same answer.
"""

import uuid
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import IntegrityError, transaction
from django.utils import timezone
from numpy.typing import NDArray

from lamella.annotation.holding import held_back
from lamella.annotation.models import Assignment, Correction
from lamella.annotation.participation import recount
from lamella.annotation.places import take_place
from lamella.annotation.practice import gold_dice, settle
from lamella.annotation.watching import watch
from lamella.cubes.store import location
from lamella.jobs.services import enqueue
from lamella.rounds.gold import gold_mask
from lamella.rounds.masks import task_proposal
from lamella.rounds.models import Task
from lamella.volumes import codec
from models.quality.planting import is_mended

# Packed masks above this size go to the store instead of the database row.
SPILL_BYTES = 256 * 1024


class SubmissionError(Exception):
    """The submission cannot be taken; the text says why in one sentence."""


class StaleProposalError(SubmissionError):
    """The mask was drawn over another proposal than the task's."""


@dataclass(frozen=True)
class Submission:
    """What the correction page sends. ``difference`` is the packed XOR of mask and proposal."""

    id: uuid.UUID
    proposal_hash: str
    mask_hash: str
    difference: bytes
    active_seconds: float
    strokes: int
    consent_version: str
    flag: str = ""
    comment: str = ""


def submit(assignment: Assignment, data: Submission) -> tuple[Correction, bool]:
    """Store a volunteer's first mask for a task; (correction, whether it is new).

    A mask that comes after its lease, or after the task was agreed on without it, is stored and
    credited all the same. Raises SubmissionError, MaskError.
    """
    return _store(assignment, data, supersedes=None)


def recall(correction: Correction, data: Submission) -> tuple[Correction, bool]:
    """Replace a mask by a better one of the same volunteer; the old one stays on record.

    Raises SubmissionError for a practice slice, whose answer the volunteer has seen.
    """
    if correction.assignment.practice:
        raise SubmissionError("A practice slice cannot be called back: you have seen its answer.")
    return _store(correction.assignment, data, supersedes=correction)


def _store(
    assignment: Assignment, data: Submission, *, supersedes: Correction | None
) -> tuple[Correction, bool]:
    known = _already_stored(assignment, data)
    if known is not None:
        return known, False
    task = assignment.task
    mask, proposal = _read_mask(task, data)
    packed = codec.pack(mask)
    spilled = _spill(data.id, packed) if len(packed) > SPILL_BYTES else ""
    hold = held_back(task.study_id, assignment.volunteer_id)
    correction = Correction(
        id=data.id,
        assignment=assignment,
        task=task,
        volunteer_id=assignment.volunteer_id,
        supersedes=supersedes,
        mask=b"" if spilled else packed,
        mask_file=spilled,
        mask_hash=data.mask_hash,
        difference=data.difference,
        proposal_hash=data.proposal_hash,
        changed_voxels=int((mask != proposal).sum()),
        mended=_mended(task, mask, proposal),
        gold_dice=gold_dice(task, mask) if assignment.practice else None,
        active_seconds=min(max(data.active_seconds, 0.0), 24 * 3600.0),
        strokes=data.strokes,
        flag=data.flag,
        comment=data.comment,
        consent_version=data.consent_version,
        quarantine=hold,
    )
    try:
        with transaction.atomic():
            if supersedes is None:
                correction.late = not _end_lease(assignment, fills=hold is None)
            correction.save(force_insert=True)
            if supersedes is None:
                watch(correction, mask)
                if assignment.practice:
                    settle(task.study_id, assignment.volunteer_id)
            else:
                recount(assignment.volunteer)
            if not assignment.practice and hold is None:
                _ask_for_consensus(task.pk, task.study.slug)
    except IntegrityError:
        known = _already_stored(assignment, data)
        if known is not None:
            return known, False
        raise SubmissionError(
            "A mask of yours for this task is already stored; recall it to change it."
        ) from None
    return correction, True


def _already_stored(assignment: Assignment, data: Submission) -> Correction | None:
    known = Correction.objects.filter(pk=data.id).first()
    if known is None:
        return None
    if known.assignment_id != assignment.pk or known.mask_hash != data.mask_hash:
        raise SubmissionError(
            f"A different mask was already stored under the key {data.id}; send a new key."
        )
    return known


def _read_mask(task: Task, data: Submission) -> tuple[NDArray[Any], NDArray[Any]]:
    """(mask, proposal), both (H, W) of the study's dtype, checked against all that was said."""
    shape = (task.height, task.width)
    dtype = np.dtype(task.study.label_dtype)
    proposal = task_proposal(task)
    if codec.mask_hash(proposal) != data.proposal_hash:
        raise StaleProposalError(
            "The mask was drawn over another proposal than this task's; reload the page."
        )
    difference = codec.unpack(data.difference, shape=shape, dtype=np.uint32)
    mask = codec.narrow(codec.xor(proposal, difference), dtype)
    if codec.mask_hash(mask) != data.mask_hash:
        raise SubmissionError(
            "The mask arrived damaged: it does not match its checksum; send it again."
        )
    if not task.study.instances:
        allowed = {0, codec.unsure_of(dtype), *task.study.classes.values_list("value", flat=True)}
        strange = sorted(set(np.unique(mask).tolist()) - allowed)
        if strange:
            raise SubmissionError(
                f"The mask holds the value {strange[0]}, which is no class of this study."
            )
    return mask, proposal


def _mended(task: Task, mask: NDArray[Any], shown: NDArray[Any]) -> bool | None:
    """Whether the error planted in what was shown was put right; None where there is none."""
    if not task.planted:
        return None
    try:
        return is_mended(mask, shown, gold_mask(task))
    except LookupError:
        return None


def _end_lease(assignment: Assignment, *, fills: bool) -> bool:
    """Mark the lease as used. False when it had ended before: the mask is late.

    fills: whether a late mask may fill a place that is free.
    """
    now = timezone.now()
    if Assignment.objects.filter(pk=assignment.pk, state=Assignment.State.LEASED).update(
        state=Assignment.State.SUBMITTED, ended=now
    ):
        return True
    # The place was given away. If one is free, the late mask fills it; else it is one more.
    holds = fills and take_place(assignment.task_id)
    Assignment.objects.filter(pk=assignment.pk).update(
        state=Assignment.State.SUBMITTED, ended=now, holds_place=holds
    )
    return False


def _spill(key: uuid.UUID, packed: bytes) -> str:
    name = f"corrections/{str(key)[:2]}/{key}.mask"
    location(name).write(packed)
    return name


def _ask_for_consensus(task_id: int, slug: str) -> None:
    # "again": one that is being computed right now may have read the masks before this change.
    enqueue(
        "consensus",
        params={"task_id": task_id},
        scope=slug,
        key=f"consensus:{task_id}",
        again=True,
    )
