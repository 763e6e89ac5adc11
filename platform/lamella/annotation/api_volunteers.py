"""Volunteers of a study, for programs of its managers."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Router, Schema
from ninja.errors import HttpError

from lamella.accounts.access import require_account
from lamella.annotation import participation
from lamella.annotation.models import Participation
from lamella.studies.access import NotVisibleError, study_as
from lamella.studies.models import Role

router = Router(tags=["members"])


class VolunteerOut(Schema):
    """``id`` is the pseudonym; ``username`` is empty for somebody without an account."""

    id: UUID
    username: str
    corrections: int
    seconds: float
    last: datetime | None
    paused: datetime | None
    why: str


class VolunteersOut(Schema):
    """``after``: hand it back for the next page; empty after the last."""

    items: list[VolunteerOut]
    after: str


class PauseIn(Schema):
    """``why`` is shown to the volunteer."""

    paused: bool
    why: Annotated[str, Field(max_length=300)] = ""


@router.get("/studies/{slug}/volunteers", response=VolunteersOut, summary="Who has helped")
def volunteers(request: HttpRequest, slug: str, after: str = "", name: str = "") -> dict[str, Any]:
    """Everybody who corrected a slice of the study, the latest at work first."""
    study = study_as(request.user, slug, Role.MANAGER)
    try:
        found = participation.volunteers_of(study, after=after, name=name)
    except ValueError:
        raise HttpError(422, "There is no such page; begin again without “after”.") from None
    return {"items": [_out(row) for row in found.rows], "after": found.after}


@router.patch(
    "/studies/{slug}/volunteers/{uuid:volunteer_id}",
    response=VolunteerOut,
    summary="Pause a volunteer",
)
def pause(request: HttpRequest, slug: str, volunteer_id: UUID, body: PauseIn) -> dict[str, Any]:
    """A paused volunteer gets no tasks of this study; masks made so far stay."""
    study = study_as(request.user, slug, Role.MANAGER)
    by = require_account(request)
    mine = (
        study.participations.select_related("volunteer__user")
        .filter(volunteer=volunteer_id)
        .first()
    )
    if mine is None:
        raise NotVisibleError
    if body.paused:
        participation.pause(study, mine.volunteer, by=by, why=body.why)
    else:
        participation.let_on(study, mine.volunteer)
    mine.refresh_from_db()
    return _out(mine)


def _out(row: Participation) -> dict[str, Any]:
    return {
        "id": row.volunteer_id,
        "username": row.volunteer.user.username if row.volunteer.user else "",
        "corrections": row.corrections,
        "seconds": row.seconds,
        "last": row.last,
        "paused": row.paused,
        "why": row.paused_why,
    }
