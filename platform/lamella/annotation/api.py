"""Taking tasks, and handing in corrections."""

import base64
import binascii
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Field, Router, Schema, Status
from ninja.errors import HttpError

from lamella.accounts.access import volunteer_for
from lamella.accounts.models import Volunteer
from lamella.annotation import favourites, services
from lamella.annotation.feedback import practice_message
from lamella.annotation.known import known_in, told
from lamella.annotation.models import Assignment, Correction
from lamella.annotation.offers import next_for
from lamella.annotation.offers import renew as renew_lease
from lamella.annotation.payload import NEIGHBOURS, TaskPayload, payload_of
from lamella.annotation.wishes import Wish
from lamella.rounds.gold import gold_mask
from lamella.rounds.masks import task_proposal
from lamella.rounds.models import Task
from lamella.studies.access import (
    ForbiddenError,
    NotVisibleError,
    has_role,
    may_contribute,
    study_and_role,
)
from lamella.studies.models import Role
from lamella.volumes import codec

router = Router(tags=["corrections"])

# A packed difference; base64 makes four characters of three bytes.
_MAX_DIFFERENCE = 32 * 1024 * 1024


class NextIn(Schema):
    """``round`` keeps to the open round; otherwise the next best slices may be added to it.

    ``familiar`` asks for the cube of one's last slice, ``easy`` for where the machine doubts itself
    least; where there is no such slice any other is given. ``with_proposal``: a small proposal
    comes along, which saves the way for it.
    """

    kind: Literal["any", "round", "familiar", "easy"] | None = None
    with_proposal: bool = False


class LeaseOut(Schema):
    lease_until: datetime


class CorrectionIn(Schema):
    id: UUID
    proposal_hash: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    mask_hash: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    difference: Annotated[str, Field(max_length=_MAX_DIFFERENCE)]
    active_seconds: Annotated[float, Field(ge=0, le=86400, allow_inf_nan=False)]
    strokes: Annotated[int, Field(ge=0, le=1_000_000)]
    flag: Literal["", "hard"] = ""
    comment: Annotated[str, Field(max_length=500)] = ""
    consent_version: Annotated[str, Field(max_length=20)]


class CorrectionOut(Schema):
    id: UUID
    task_id: int
    changed_voxels: int
    supersedes: UUID | None
    message: str


@router.post("/studies/{slug}/next", response={200: TaskPayload, 204: None})
def next_task(
    request: HttpRequest, slug: str, body: NextIn | None = None
) -> TaskPayload | Status[None]:
    """Lease the best task for whoever asks; 204 when nothing is left for them just now."""
    study, role = study_and_role(request.user, slug)
    if not may_contribute(request.user, study, role):
        raise ForbiddenError(f"Sign in to take part in the study “{study.title}”.")
    known = told(volunteer_for(request, among=known_in(study)), role)
    kind = (body and body.kind) or "any"
    within = kind == "round"
    wish = Wish.BEST if within else Wish(kind)
    assignment = next_for(study, known, beyond_round=not within, wish=wish)
    if assignment is None:
        return Status(204, None)
    return payload_of(
        assignment, study=study, with_proposal=body is not None and body.with_proposal
    )


@router.get("/assignments/{uuid:assignment_id}", response=TaskPayload)
def assignment(request: HttpRequest, assignment_id: UUID) -> TaskPayload:
    """A task that the volunteer holds or held: to go on after a reload."""
    return payload_of(_own_assignment(request, assignment_id))


@router.post("/assignments/{uuid:assignment_id}/renew", response=LeaseOut)
def renew(request: HttpRequest, assignment_id: UUID) -> LeaseOut:
    """Prolong the lease while the page is open."""
    until = renew_lease(_own_assignment(request, assignment_id))
    if until is None:
        raise HttpError(
            409, "Your time for this slice ran out; go on, your mask will be stored all the same."
        )
    return LeaseOut(lease_until=until)


@router.post("/assignments/{uuid:assignment_id}/release", response={204: None})
def release(request: HttpRequest, assignment_id: UUID) -> Status[None]:
    """Give the task back to others."""
    services.release(_own_assignment(request, assignment_id))
    return Status(204, None)


@router.post(
    "/assignments/{uuid:assignment_id}/corrections",
    response={200: CorrectionOut, 201: CorrectionOut},
)
def submit(request: HttpRequest, assignment_id: UUID, body: CorrectionIn) -> Status[CorrectionOut]:
    """Hand in a mask. Sending the same one again is harmless and answered alike."""
    correction, new = services.submit(_own_assignment(request, assignment_id), _submission(body))
    return Status(201 if new else 200, _out(correction))


@router.post(
    "/corrections/{uuid:correction_id}/recall", response={200: CorrectionOut, 201: CorrectionOut}
)
def recall(request: HttpRequest, correction_id: UUID, body: CorrectionIn) -> Status[CorrectionOut]:
    """Replace one's own mask by a better one; the old one is kept, but counts no longer."""
    volunteer = volunteer_for(request, create=False)
    old = (
        Correction.objects.select_related("assignment__task__study", "task")
        .filter(pk=correction_id, volunteer=volunteer)
        .first()
        if volunteer
        else None
    )
    if old is None:
        raise NotVisibleError
    correction, new = services.recall(old, _submission(body))
    return Status(201 if new else 200, _out(correction))


@router.delete(
    "/corrections/{uuid:correction_id}",
    response={204: None},
    summary="Withdraw a mask of one's own",
)
def withdraw(request: HttpRequest, correction_id: UUID) -> Status[None]:
    """It counts no longer, for good, and others are asked; what rests on it is worked out anew.
    Doing it twice changes nothing."""
    volunteer = volunteer_for(request, create=False)
    own = Correction.objects.select_related("task__study", "volunteer")
    found = own.filter(pk=correction_id, volunteer=volunteer).first() if volunteer else None
    if found is None:
        raise NotVisibleError
    services.withdraw(found)
    return Status(204, None)


@router.get("/corrections/{uuid:correction_id}/gold")
def gold(request: HttpRequest, correction_id: UUID) -> HttpResponse:
    """The packed mask that the experts drew of a practice slice, once one's own is handed in."""
    volunteer = volunteer_for(request, create=False)
    found = (
        Correction.objects.select_related("task__cube", "task__study")
        .filter(pk=correction_id, volunteer=volunteer, assignment__practice=True)
        .first()
        if volunteer
        else None
    )
    if found is None:
        raise NotVisibleError
    try:
        mask = gold_mask(found.task)
    except LookupError:
        raise HttpError(404, "The experts' mask of this slice was taken away.") from None
    response = HttpResponse(codec.pack(mask), content_type="application/octet-stream")
    response["Cache-Control"] = "private, max-age=3600"
    return response


@router.get("/tasks/{int:task_id}/proposal")
def proposal(request: HttpRequest, task_id: int, z: int | None = None) -> HttpResponse:
    """The packed mask that a task proposes, on its own slice or one nearby."""
    task = (
        Task.objects.select_related("study", "cube__study", "proposal").filter(pk=task_id).first()
    )
    if task is None or not _may_see(request, task):
        raise NotVisibleError
    if z is not None and not (0 <= z < task.cube.depth and abs(z - task.z) <= NEIGHBOURS):
        raise HttpError(
            404,
            f"Slice {z} is not near slice {task.z} of this task; ask for one of its neighbours.",
        )
    mask = task_proposal(task, z)
    response = HttpResponse(codec.pack(mask), content_type="application/octet-stream")
    response["X-Mask-Hash"] = codec.mask_hash(mask)
    # A task's proposal never changes.
    response["Cache-Control"] = "private, max-age=86400, immutable"
    return response


@router.put("/tasks/{int:task_id}/favourite", response={204: None})
def keep_favourite(request: HttpRequest, task_id: int) -> Status[None]:
    """Keep a slice that one was given among one's favourites."""
    favourites.keep(*_given(request, task_id))
    return Status(204, None)


@router.delete("/tasks/{int:task_id}/favourite", response={204: None})
def drop_favourite(request: HttpRequest, task_id: int) -> Status[None]:
    """Keep it no longer."""
    favourites.drop(*_given(request, task_id))
    return Status(204, None)


def _given(request: HttpRequest, task_id: int) -> tuple[Volunteer, Task]:
    """Who asks, and a task that they were given. Raises NotVisibleError."""
    volunteer = volunteer_for(request, create=False)
    task = Task.objects.filter(pk=task_id, assignments__volunteer=volunteer).first()
    if volunteer is None or task is None:
        raise NotVisibleError
    return volunteer, task


def _own_assignment(request: HttpRequest, assignment_id: UUID) -> Assignment:
    volunteer = volunteer_for(request, create=False)
    found = (
        Assignment.objects.select_related(
            "task__study", "task__cube__study", "task__proposal", "task__round"
        )
        .filter(pk=assignment_id, volunteer=volunteer)
        .first()
        if volunteer
        else None
    )
    if found is None:
        raise NotVisibleError
    return found


def _may_see(request: HttpRequest, task: Task) -> bool:
    """Managers see every task; a volunteer those that they were given."""
    if has_role(request.user, task.study, Role.MANAGER):
        return True
    volunteer = volunteer_for(request, create=False)
    return volunteer is not None and task.assignments.filter(volunteer=volunteer).exists()


def _submission(body: CorrectionIn) -> services.Submission:
    try:
        difference = base64.b64decode(body.difference, validate=True)
    except binascii.Error:
        raise HttpError(422, "The mask is not valid base64; send it again.") from None
    return services.Submission(
        id=body.id,
        proposal_hash=body.proposal_hash,
        mask_hash=body.mask_hash,
        difference=difference,
        active_seconds=body.active_seconds,
        strokes=body.strokes,
        consent_version=body.consent_version,
        flag=body.flag,
        comment=body.comment,
    )


def _out(correction: Correction) -> CorrectionOut:
    return CorrectionOut(
        id=correction.pk,
        task_id=correction.task_id,
        changed_voxels=correction.changed_voxels,
        supersedes=correction.supersedes_id,
        message=practice_message(correction) if correction.assignment.practice else "",
    )
