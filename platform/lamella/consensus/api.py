"""The review queue: what waits for a manager, in full, and the verdicts."""

import base64
import binascii
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import numpy as np
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from ninja import Field, Query, Router, Schema, Status
from ninja.errors import HttpError
from numpy.typing import NDArray

from lamella.annotation.masks import mask_of
from lamella.annotation.models import Correction
from lamella.annotation.payload import ClassOut, CubeOut, cube_out
from lamella.consensus import masks, selectors, services
from lamella.consensus.api_verdicts import (
    VerdictOut,
    managed,
    person_of,
    require_manager,
    verdict_out,
)
from lamella.consensus.models import Consensus, Verdict
from lamella.consensus.standing import bit_of
from lamella.languages.sentences import said
from lamella.rounds.masks import task_proposal
from lamella.rounds.models import Task
from lamella.studies.access import NotVisibleError
from lamella.volumes import codec

router = Router(tags=["review"])

_MAX_DIFFERENCE = 32 * 1024 * 1024


_COUNTS = ("total", "waiting", "contested", "doubted", "remarked")


class FilterIn(Schema):
    """``label``: value of a class that the consensus or the proposal holds; ``volunteer``: somebody
    who corrected the task; ``after``: what the page before said of where the next begins."""

    only: Literal["", "contested", "doubted", "audit", "remarked"] = ""
    cube: int | None = None
    round: int | None = None
    label: int | None = None
    volunteer: UUID | None = None
    after: Annotated[str, Field(pattern=r"^([01]:[0-9.e+-]{1,24}:\d{1,18})?$")] = ""
    limit: Annotated[int, Field(ge=1, le=200)] = 60


class ItemOut(Schema):
    id: int
    task_id: int
    cube_id: int
    cube: str
    cube_version: str
    z: int
    depth: int
    round: int | None
    reason: str
    retired_because: str
    score: float | None
    expected_error: float | None
    audit: bool
    agreement: float
    changed_share: float
    masks: int
    needs_review: bool
    created: datetime


class WaitingOut(ItemOut):
    """``remarked``: somebody said that it was hard, or left a comment."""

    remarked: bool


class QueueOut(Schema):
    """``after``: hand it back for the next page; empty after the last. Numbers are counted to
    10,000; 10,001 means more. They are told with the first page, and null with the others."""

    items: list[WaitingOut]
    after: str
    total: int | None
    waiting: int | None
    contested: int | None
    doubted: int | None
    remarked: int | None


class CorrectionOut(Schema):
    """``volunteer``: the first characters of the pseudonym ``volunteer_id``."""

    id: UUID
    volunteer: str
    volunteer_id: UUID
    active_seconds: float
    strokes: int
    changed_voxels: int
    flag: str
    comment: str
    late: bool
    created: datetime


class DetailOut(ItemOut):
    """Everything to look at one task. Masks are packed (codec) at ``…/masks/{name}``."""

    y0: int
    x0: int
    height: int
    width: int
    cube_full: CubeOut
    classes: list[ClassOut]
    instances: bool
    origin: Literal["machine", "none"]
    state: str
    fixed_by: str
    mask_hash: str
    corrections: list[CorrectionOut]
    verdicts: list[VerdictOut]


class NoteIn(Schema):
    note: Annotated[str, Field(max_length=300)] = ""


class FixIn(Schema):
    """A mask as its difference to the consensus it corrects (packed XOR, base64)."""

    mask_hash: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    difference: Annotated[str, Field(max_length=_MAX_DIFFERENCE)]


@router.get("/studies/{slug}/review", response=QueueOut)
def queue(request: HttpRequest, slug: str, asked: Query[FilterIn]) -> dict[str, Any]:
    """What waits for a verdict: what a rollback put in doubt first, then by risk, which is the
    expected error plus the volunteers' disagreement."""
    study = managed(request, slug)
    # A class that the study has not got is held by nothing.
    bit = None if asked.label is None else bit_of(study, asked.label) or 0
    wanted = selectors.Wanted(asked.only, asked.cube, asked.round, bit, asked.volunteer)
    page = selectors.queue_page(study, wanted, asked.after, asked.limit)
    counts: dict[str, int | None] = dict.fromkeys(_COUNTS)
    if not asked.after:
        counts.update(selectors.counts_of(study, wanted))
    items = [{**_item(c), "remarked": c.remarked} for c in page.items]
    return {"items": items, "after": page.after, **counts}


@router.get("/consensus/{int:consensus_id}", response=DetailOut)
def detail(request: HttpRequest, consensus_id: int) -> dict[str, Any]:
    """One task with all that volunteers and managers made of it."""
    consensus = _found(request, consensus_id)
    task = consensus.task
    study = task.study
    rows = Verdict.objects.filter(consensus__task=task).select_related("manager", "consensus")
    return {
        **_item(consensus),
        "y0": task.y0,
        "x0": task.x0,
        "height": task.height,
        "width": task.width,
        "cube_full": cube_out(task.cube),
        "classes": [
            {"value": c.value, "name": c.name, "color": c.color} for c in study.classes.all()
        ],
        "instances": study.instances,
        "origin": "machine" if task.proposal_id else "none",
        "state": task.state,
        "fixed_by": consensus.fixed_by.username if consensus.fixed_by else "",
        "mask_hash": consensus.mask_hash,
        "corrections": [_correction(c) for c in _counted(consensus)],
        "verdicts": [verdict_out(v) for v in rows.order_by("-pk")[:20]],
    }


@router.get("/consensus/{int:consensus_id}/masks/{name}")
def mask(
    request: HttpRequest,
    consensus_id: int,
    name: Literal["proposal", "consensus", "disagreement"],
) -> HttpResponse:
    """A packed mask of the task. The disagreement holds 0 (all agree) to 20 (even) a voxel."""
    consensus = _found(request, consensus_id)
    if name == "consensus":
        return _packed(bytes(consensus.mask), consensus.mask_hash)
    if name == "proposal":
        return _packed_mask(task_proposal(consensus.task))
    return _packed_mask(masks.disagreement(consensus))


@router.get("/consensus/{int:consensus_id}/corrections/{uuid:correction_id}/mask")
def correction_mask(request: HttpRequest, consensus_id: int, correction_id: UUID) -> HttpResponse:
    """The packed mask of one volunteer."""
    consensus = _found(request, consensus_id)
    found = (
        consensus.task.corrections.select_related("task__study").filter(pk=correction_id).first()
    )
    if found is None:
        raise NotVisibleError
    return _packed_mask(mask_of(found))


@router.post("/consensus/{int:consensus_id}/accept", response={201: VerdictOut})
def accept(request: HttpRequest, consensus_id: int) -> Status[VerdictOut]:
    """The manager agrees with the volunteers."""
    return _given(services.accept(_found(request, consensus_id), person_of(request)))


@router.post("/consensus/{int:consensus_id}/send-back", response={201: VerdictOut})
def send_back(request: HttpRequest, consensus_id: int, body: NoteIn) -> Status[VerdictOut]:
    """More volunteers shall look; the note is shown to them."""
    consensus = _found(request, consensus_id)
    return _given(services.send_back(consensus, person_of(request), body.note.strip()))


@router.post("/consensus/{int:consensus_id}/fix", response={201: VerdictOut})
def fix(request: HttpRequest, consensus_id: int, body: FixIn) -> Status[VerdictOut]:
    """The manager draws the mask."""
    consensus = _found(request, consensus_id)
    task = consensus.task
    try:
        packed = base64.b64decode(body.difference, validate=True)
    except binascii.Error:
        raise HttpError(422, "The mask is not valid base64; send it again.") from None
    shape = (task.height, task.width)
    difference = codec.unpack(packed, shape=shape, dtype=np.uint32)
    agreed = codec.unpack(bytes(consensus.mask), shape=shape, dtype=np.uint32)
    drawn = codec.xor(agreed, difference)
    if codec.mask_hash(drawn) != body.mask_hash:
        raise HttpError(
            422, "The mask arrived damaged: it does not match its checksum; send it again."
        )
    return _given(services.fix(consensus, person_of(request), drawn))


def _found(request: HttpRequest, consensus_id: int) -> Consensus:
    consensus = (
        Consensus.objects.select_related(
            "task__study", "task__cube__study", "task__proposal", "task__round", "fixed_by"
        )
        .filter(pk=consensus_id)
        .first()
    )
    if consensus is None:
        raise NotVisibleError
    require_manager(request, consensus.task.study)
    return consensus


def _counted(consensus: Consensus) -> list[Correction]:
    found: QuerySet[Correction] = consensus.task.corrections.filter(pk__in=consensus.corrections)
    order = {key: place for place, key in enumerate(consensus.corrections)}
    return sorted(
        found.defer("mask", "difference"), key=lambda correction: order[str(correction.pk)]
    )


def _item(consensus: Consensus) -> dict[str, Any]:
    task: Task = consensus.task
    return {
        "id": consensus.pk,
        "task_id": task.pk,
        "cube_id": task.cube_id,
        "cube": task.cube.name,
        "cube_version": task.cube.checksum[:16],
        "z": task.z,
        "depth": task.cube.depth,
        "round": task.round.number if task.round else None,
        "reason": said(task.reason),
        "retired_because": said(task.retire_reason or consensus.reason),
        "score": task.score,
        "expected_error": task.expected_error,
        "audit": task.kind == Task.Kind.AUDIT,
        "agreement": consensus.agreement,
        "changed_share": consensus.changed_share,
        "masks": len(consensus.corrections),
        "needs_review": consensus.needs_review,
        "created": consensus.created,
    }


def _correction(correction: Correction) -> CorrectionOut:
    return CorrectionOut(
        id=correction.pk,
        volunteer=str(correction.volunteer_id)[:8],
        volunteer_id=correction.volunteer_id,
        active_seconds=correction.active_seconds,
        strokes=correction.strokes,
        changed_voxels=correction.changed_voxels,
        flag=correction.flag,
        comment=correction.comment,
        late=correction.late,
        created=correction.created,
    )


def _given(verdict: Verdict) -> Status[VerdictOut]:
    return Status(201, verdict_out(verdict))


def _packed_mask(mask: NDArray[Any]) -> HttpResponse:
    return _packed(codec.pack(mask), codec.mask_hash(mask))


def _packed(packed: bytes, digest: str) -> HttpResponse:
    response = HttpResponse(packed, content_type="application/octet-stream")
    response["X-Mask-Hash"] = digest
    # Neither a proposal, nor a correction, nor a consensus ever changes.
    response["Cache-Control"] = "private, max-age=86400, immutable"
    return response
