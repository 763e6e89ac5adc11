"""What managers see of a study's volunteers, and holding them back."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Field, Query, Router, Schema, Status

from lamella.accounts.access import require_account
from lamella.annotation import holding, participation
from lamella.consensus import crowd, dispute
from lamella.consensus.models import Consensus
from lamella.consensus.pictures import disagreement_picture
from lamella.languages.sentences import said
from lamella.studies.access import NotVisibleError, may_view, require, study_as
from lamella.studies.models import Role, Study

router = Router(tags=["volunteers"])


class PeopleIn(Schema):
    """``order``: who handed something in last, whose skill is lowest, whose is least certain, who
    handed in most, who left most that was wrong."""

    order: crowd.Order = "last"
    page: Annotated[int, Field(ge=1, le=10_000)] = 1


class HoldIn(Schema):
    """``pause``: no more tasks; ``quarantine``: their masks do not count either, and the tasks are
    asked again."""

    kind: Literal["pause", "quarantine"]
    reason: Annotated[str, Field(max_length=300)] = ""


class HeldOut(Schema):
    """``automatic``: the platform did it by itself."""

    kind: Literal["pause", "quarantine"]
    reason: str
    since: datetime
    automatic: bool


class SkillOut(Schema):
    """``hit``: share of the needed changes that they make; ``false_alarm``: share of what should
    stay that they change; ``spread``: standard deviation of their difference; ``edge``: error of
    their outlines in voxels; ``tasks``: what it rests on; ``needed``, ``left``: changes that were
    needed, and those left undone, in objects."""

    hit: float
    false_alarm: float
    spread: float
    edge: float
    tasks: float
    needed: float
    left: float


class SuspicionOut(Schema):
    sign: str
    share: float
    remedy: str


class PersonOut(Schema):
    """``name``: of members alone; others stay pseudonyms."""

    id: UUID
    name: str
    masks: int
    unedited: int
    quick: int
    floods: int
    copies: int
    seconds: float
    last: datetime
    skill: SkillOut | None
    suspicions: list[SuspicionOut]
    held: HeldOut | None


class PeopleOut(Schema):
    people: list[PersonOut]
    total: int
    pages: int


class ContestedOut(Schema):
    """An object on which people differ. ``y``, ``x``: its middle in voxels of the slice."""

    consensus_id: int
    task_id: int
    cube_id: int
    z: int
    y: float
    x: float
    value: int
    area: int
    shown: bool
    drawn: int
    views: int
    false_positive: float


class PictureIn(Schema):
    """``max``: the longer side in pixels; ``y`` and ``x``: a place of the task to look at closely,
    in its voxels."""

    max: Annotated[int, Field(ge=32, le=1024)] = 256
    y: Annotated[float, Field(ge=0, le=1e6)] | None = None
    x: Annotated[float, Field(ge=0, le=1e6)] | None = None


@router.get("/studies/{slug}/skills", response=PeopleOut, summary="Volunteers and their skill")
def list_people(request: HttpRequest, slug: str, wanted: Query[PeopleIn]) -> dict[str, Any]:
    """Everybody who handed something in, a page at a time. For managers."""
    found = crowd.people_of(study_as(request.user, slug, Role.MANAGER), wanted.order, wanted.page)
    return {
        "people": [_person(p) for p in found.people],
        "total": found.total,
        "pages": found.pages,
    }


@router.get(
    "/studies/{slug}/skills/{uuid:volunteer_id}", response=PersonOut, summary="One volunteer"
)
def one_person(request: HttpRequest, slug: str, volunteer_id: UUID) -> dict[str, Any]:
    """What they handed in, how well they do, and what is odd about it. For managers."""
    return _person(_found(study_as(request.user, slug, Role.MANAGER), volunteer_id))


@router.post(
    "/studies/{slug}/skills/{uuid:volunteer_id}/hold",
    response={201: HeldOut},
    summary="Hold a volunteer back",
)
def hold(
    request: HttpRequest, slug: str, volunteer_id: UUID, body: HoldIn
) -> Status[dict[str, Any]]:
    """Pause them, or put them in quarantine, until somebody lets them go on; nothing of theirs is
    deleted. 409 where they are in quarantine already. For managers."""
    study = study_as(request.user, slug, Role.MANAGER)
    volunteer = _found(study, volunteer_id).work.volunteer
    by = require_account(request)
    if body.kind == "quarantine":
        holding.quarantine(study, volunteer, reason=body.reason, by=by)
    else:
        participation.pause(study, volunteer, by=by, why=body.reason)
    held = _held(_found(study, volunteer_id))
    assert held is not None
    return Status(201, held)


@router.delete(
    "/studies/{slug}/skills/{uuid:volunteer_id}/hold",
    response={204: None},
    summary="Let a volunteer go on",
)
def let_go(request: HttpRequest, slug: str, volunteer_id: UUID) -> Status[None]:
    """They get tasks again, and what was in quarantine counts again. 409 where nothing holds them
    back. For managers."""
    study = study_as(request.user, slug, Role.MANAGER)
    crowd.let_go_on(study, _found(study, volunteer_id), by=require_account(request))
    return Status(204, None)


@router.get(
    "/studies/{slug}/contested", response=list[ContestedOut], summary="Most contested objects"
)
def contested(request: HttpRequest, slug: str) -> list[dict[str, Any]]:
    """Objects on which people differ, the most doubtful first. For managers."""
    return [
        {
            "consensus_id": item.consensus_id,
            "task_id": item.consensus.task_id,
            "cube_id": item.consensus.task.cube_id,
            "z": item.consensus.task.z,
            "y": item.y + item.consensus.task.y0,
            "x": item.x + item.consensus.task.x0,
            **{
                name: getattr(item, name)
                for name in ("value", "area", "shown", "drawn", "views", "false_positive")
            },
        }
        for item in dispute.contested_of(study_as(request.user, slug, Role.MANAGER))
    ]


@router.get("/consensus/{int:consensus_id}/disagreement.png")
def disagreement(request: HttpRequest, consensus_id: int, look: Query[PictureIn]) -> HttpResponse:
    """A small picture of where people differ, over the slice. For managers."""
    found = (
        Consensus.objects.select_related("task__study", "task__cube__study", "task__proposal")
        .filter(pk=consensus_id)
        .first()
    )
    if found is None or not may_view(request.user, found.task.study):
        raise NotVisibleError
    require(request.user, found.task.study, Role.MANAGER)
    around = None if look.y is None or look.x is None else (look.y, look.x)
    answer = HttpResponse(disagreement_picture(found, look.max, around), content_type="image/png")
    # A consensus never changes: a newer one has another number.
    answer["Cache-Control"] = "private, max-age=86400, immutable"
    return answer


def _found(study: Study, volunteer_id: UUID) -> crowd.Person:
    person = crowd.person_in(study, volunteer_id)
    if person is None:
        raise NotVisibleError
    return person


def _person(person: crowd.Person) -> dict[str, Any]:
    work = person.work
    counts = ("unedited", "quick", "floods", "copies", "seconds", "last")
    return {
        "id": person.volunteer_id,
        "name": person.name,
        "masks": work.corrections,
        **{name: getattr(work, name) for name in counts},
        "skill": person.ability
        and {name: getattr(person.ability, name) for name in SkillOut.model_fields},
        "suspicions": [
            {"sign": s.sign, "share": s.share, "remedy": s.remedy} for s in person.suspicions
        ],
        "held": _held(person),
    }


def _held(person: crowd.Person) -> dict[str, Any] | None:
    kept, paused = person.quarantine, person.work.paused
    if kept is not None:
        return {
            "kind": "quarantine",
            "reason": said(kept.reason),
            "since": kept.created,
            "automatic": kept.automatic,
        }
    if paused is not None:
        why = person.work.paused_why
        return {"kind": "pause", "reason": why, "since": paused, "automatic": False}
    return None
