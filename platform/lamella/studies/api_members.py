"""Who works on a study, and in which role."""

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Field, Router, Schema, Status

from lamella.accounts.access import require_account
from lamella.studies import members
from lamella.studies.access import NotVisibleError, study_as
from lamella.studies.models import Membership, Role, Study

router = Router(tags=["members"])


class MemberIn(Schema):
    """``username``: of somebody who has an account here."""

    username: Annotated[str, Field(min_length=1, max_length=150)]
    role: Role = Role.VOLUNTEER


class RoleIn(Schema):
    role: Role


class MemberOut(Schema):
    """``id`` is that of the membership; ``since``: when the person became a member."""

    id: int
    username: str
    role: Role
    since: datetime


@router.get("/studies/{slug}/members", response=list[MemberOut], summary="Members of a study")
def list_members(request: HttpRequest, slug: str) -> list[dict[str, Any]]:
    """Everybody with a role in the study. Asks for the role of manager."""
    study = study_as(request.user, slug, Role.MANAGER)
    rows = study.memberships.select_related("user").order_by("role", "user__username")
    return [_out(row) for row in rows]


@router.post("/studies/{slug}/members", response={201: MemberOut}, summary="Add a member")
def add_member(request: HttpRequest, slug: str, body: MemberIn) -> Status[dict[str, Any]]:
    """Managers add volunteers, admins of the study add anybody; 409 for somebody who is a member
    already, 422 for a name that nobody here has."""
    study = study_as(request.user, slug, Role.MANAGER)
    person = members.person_named(body.username)
    return Status(201, _out(members.admit(study, person, body.role, by=require_account(request))))


@router.patch(
    "/studies/{slug}/members/{int:member_id}", response=MemberOut, summary="Change a member's role"
)
def change_role(request: HttpRequest, slug: str, member_id: int, body: RoleIn) -> dict[str, Any]:
    """For admins of the study; its last admin stays one (409)."""
    study = study_as(request.user, slug, Role.ADMIN)
    return _out(members.change_role(_member(study, member_id), body.role))


@router.delete(
    "/studies/{slug}/members/{int:member_id}", response={204: None}, summary="Remove a member"
)
def remove_member(request: HttpRequest, slug: str, member_id: int) -> Status[None]:
    """Admins of the study remove anybody but its last admin (409), managers remove volunteers and
    may leave. The marks that the person made stay."""
    study = study_as(request.user, slug, Role.MANAGER)
    members.dismiss(_member(study, member_id), by=require_account(request))
    return Status(204, None)


def _member(study: Study, member_id: int) -> Membership:
    found = study.memberships.select_related("user", "study").filter(pk=member_id).first()
    if found is None:
        raise NotVisibleError
    return found


def _out(member: Membership) -> dict[str, Any]:
    return {
        "id": member.pk,
        "username": member.user.username,
        "role": member.role,
        "since": member.created,
    }
