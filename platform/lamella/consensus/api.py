"""The review queue: what waits for a manager, in full, and the verdicts."""

import base64
import binascii
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import numpy as np
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from ninja import Field, Query, Router, Schema, Status
from ninja.errors import HttpError
from numpy.typing import NDArray

from lamella.accounts.models import User
from lamella.annotation.masks import mask_of
from lamella.annotation.models import Correction
from lamella.annotation.payload import ClassOut, CubeOut, cube_out
from lamella.consensus import masks, selectors, services
from lamella.consensus.models import Consensus, Verdict
from lamella.languages.sentences import said
from lamella.rounds.masks import task_proposal
from lamella.rounds.models import Task
from lamella.studies.access import NotVisibleError, may_view, require, study_for
from lamella.studies.models import Role, Study
from lamella.volumes import codec

router = Router(tags=["review"])

_MAX_DIFFERENCE = 32 * 1024 * 1024


class FilterIn(Schema):
    only: Literal["", "contested", "doubted", "remarked"] = ""
    cube: int | None = None
    round: int | None = None
    offset: Annotated[int, Field(ge=0)] = 0
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
    agreement: float
    changed_share: float
    masks: int
    needs_review: bool
    created: datetime


class WaitingOut(ItemOut):
    """``remarked``: somebody said that it was hard, or left a comment."""

    remarked: bool


class QueueOut(Schema):
    items: list[WaitingOut]
    total: int
    waiting: int
    contested: int
    doubted: int
    remarked: int


class CorrectionOut(Schema):
    id: UUID
    volunteer: str
    active_seconds: float
    strokes: int
    changed_voxels: int
    flag: str
    comment: str
    late: bool
    created: datetime


class VerdictOut(Schema):
    id: int
    consensus_id: int
    task_id: int
    kind: str
    word: str
    note: str
    manager: str
    created: datetime
    undone: bool


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


class BulkIn(Schema):
    """Accept what waits with an agreement of at least ``agreement``; ``count`` was shown before."""

    agreement: Annotated[float, Field(ge=0.5, le=1.0)]
    count: Annotated[int, Field(ge=1)]


class BulkOut(Schema):
    count: int
    lowest: float | None
    mean: float | None
    changed_share: float | None


@router.get("/studies/{slug}/review", response=QueueOut)
def queue(request: HttpRequest, slug: str, wanted: Query[FilterIn]) -> dict[str, Any]:
    """What waits for a verdict, the most doubtful first."""
    study = _managed(request, slug)
    waiting = selectors.waiting_for_review(study)
    if wanted.only == "contested":
        waiting = waiting.filter(selectors.CONTESTED)
    elif wanted.only == "doubted":
        waiting = waiting.filter(needs_review=True)
    elif wanted.only == "remarked":
        waiting = waiting.filter(selectors.remarked())
    if wanted.cube is not None:
        waiting = waiting.filter(task__cube_id=wanted.cube)
    if wanted.round is not None:
        waiting = waiting.filter(task__round__number=wanted.round)
    page = waiting.select_related("task__cube", "task__round").defer(
        "mask", "probability", "task__cube__source"
    )[wanted.offset : wanted.offset + wanted.limit]
    counts = selectors.review_counts(study)
    whole = not (wanted.only or wanted.cube or wanted.round is not None)
    total = counts["waiting"] if whole else waiting.order_by().count()
    items = [{**_item(c), "remarked": getattr(c, "remarked", False)} for c in page]
    return {"items": items, "total": total, **counts}


@router.get("/studies/{slug}/review/bulk", response=BulkOut)
def bulk_preview(
    request: HttpRequest, slug: str, agreement: Annotated[float, Field(ge=0.5, le=1.0)]
) -> dict[str, Any]:
    """How many tasks a bulk accept would take, and how sure people were of the least sure one."""
    return selectors.bulk_figures(_managed(request, slug), agreement)


@router.post("/studies/{slug}/review/bulk", response=BulkOut)
def bulk_accept(request: HttpRequest, slug: str, body: BulkIn) -> dict[str, Any]:
    """Accept them; refused when by now they are more than were shown."""
    study = _managed(request, slug)
    figures = selectors.bulk_figures(study, body.agreement)
    if figures["count"] > body.count:
        raise HttpError(
            409,
            f"By now {figures['count']} tasks qualify, not {body.count}, so none was accepted; "
            "look at the new figures and confirm again.",
        )
    accepted = 0
    for consensus in selectors.bulk(study, body.agreement):
        try:
            services.accept(consensus, _person(request))
        except services.VerdictError:
            continue  # new masks came in for this one: it waits in the queue again
        accepted += 1
    return {**figures, "count": accepted}


@router.get("/studies/{slug}/verdicts", response=list[VerdictOut])
def verdicts(request: HttpRequest, slug: str) -> list[VerdictOut]:
    """The last verdicts that stand, the newest first."""
    return [_verdict(v) for v in selectors.judged(_managed(request, slug))[:30]]


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
        "verdicts": [_verdict(v) for v in rows.order_by("-pk")[:20]],
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
    return _given(services.accept(_found(request, consensus_id), _person(request)))


@router.post("/consensus/{int:consensus_id}/send-back", response={201: VerdictOut})
def send_back(request: HttpRequest, consensus_id: int, body: NoteIn) -> Status[VerdictOut]:
    """More volunteers shall look; the note is shown to them."""
    consensus = _found(request, consensus_id)
    return _given(services.send_back(consensus, _person(request), body.note.strip()))


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
    return _given(services.fix(consensus, _person(request), drawn))


@router.post("/verdicts/{int:verdict_id}/undo", response=VerdictOut)
def undo(request: HttpRequest, verdict_id: int) -> VerdictOut:
    """Take a verdict back: the task is again as the volunteers left it."""
    verdict = (
        Verdict.objects.select_related("consensus__task__study", "manager")
        .filter(pk=verdict_id)
        .first()
    )
    if verdict is None:
        raise NotVisibleError
    _require(request, verdict.consensus.task.study)
    services.undo(verdict, _person(request))
    verdict.refresh_from_db(fields=["undone"])
    return _verdict(verdict)


def _managed(request: HttpRequest, slug: str) -> Study:
    study = study_for(request.user, slug)
    require(request.user, study, Role.MANAGER)
    return study


def _require(request: HttpRequest, study: Study) -> None:
    # To an outsider a private study's tasks do not exist.
    if not may_view(request.user, study):
        raise NotVisibleError
    require(request.user, study, Role.MANAGER)


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
    _require(request, consensus.task.study)
    return consensus


def _person(request: HttpRequest) -> User:
    assert isinstance(request.user, User), "a role was checked before"
    return request.user


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
        active_seconds=correction.active_seconds,
        strokes=correction.strokes,
        changed_voxels=correction.changed_voxels,
        flag=correction.flag,
        comment=correction.comment,
        late=correction.late,
        created=correction.created,
    )


def _verdict(verdict: Verdict) -> VerdictOut:
    return VerdictOut(
        id=verdict.pk,
        consensus_id=verdict.consensus_id,
        task_id=verdict.consensus.task_id,
        kind=verdict.kind,
        word=verdict.get_kind_display(),
        note=verdict.note,
        manager=verdict.manager.username if verdict.manager else gettext("somebody who left"),
        created=verdict.created,
        undone=verdict.undone is not None,
    )


def _given(verdict: Verdict) -> Status[VerdictOut]:
    return Status(201, _verdict(verdict))


def _packed_mask(mask: NDArray[Any]) -> HttpResponse:
    return _packed(codec.pack(mask), codec.mask_hash(mask))


def _packed(packed: bytes, digest: str) -> HttpResponse:
    response = HttpResponse(packed, content_type="application/octet-stream")
    response["X-Mask-Hash"] = digest
    # Neither a proposal, nor a correction, nor a consensus ever changes.
    response["Cache-Control"] = "private, max-age=86400, immutable"
    return response
