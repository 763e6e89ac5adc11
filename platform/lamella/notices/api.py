"""Invitations, announcements and notices, for programs."""

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Field, Router, Schema, Status
from ninja.errors import HttpError

from lamella.accounts.access import require_account
from lamella.notices import announcements, invitations
from lamella.notices.models import PLACES, TEXT_LENGTH, Announcement, Invitation
from lamella.notices.telling import notices_of, read_all, unread
from lamella.notices.wording import path_of, words_of
from lamella.studies.access import NotVisibleError, study_as
from lamella.studies.models import Role

router = Router(tags=["notices"])


class InvitationIn(Schema):
    """``email``: written to, where the server sends mails; ``places``: for how many people a link
    without an address is good."""

    role: Role = Role.VOLUNTEER
    email: Annotated[str, Field(max_length=254, pattern=r"^(\S+@\S+)?$")] = ""
    places: Annotated[int, Field(ge=PLACES[0], le=PLACES[1])] = 1


class InvitationOut(Schema):
    """``taken`` of ``places`` have joined."""

    id: int
    role: str
    email: str
    places: int
    taken: int
    created: datetime
    expires: datetime


class NewInvitationOut(InvitationOut):
    """``path`` of the link is shown this once and never again; ``mailed``: whether it was sent."""

    path: str
    mailed: bool


class JoinedOut(Schema):
    """The study that one belongs to now, and one's role in it."""

    study: str
    role: Role


class AnnouncementIn(Schema):
    text: Annotated[str, Field(min_length=1, max_length=TEXT_LENGTH, pattern=r"\S")]


class AnnouncementOut(Schema):
    id: int
    text: str
    created: datetime


class NoticeOut(Schema):
    """``path``: the page that it is about."""

    id: int
    kind: str
    text: str
    path: str
    created: datetime
    read: bool


class NoticesOut(Schema):
    """The newest first; ``unread`` is counted to 99, 100 means more."""

    items: list[NoticeOut]
    unread: int


class ReadIn(Schema):
    """Notices up to this ``id`` count as seen."""

    until: Annotated[int, Field(ge=0)]


class ReadOut(Schema):
    count: int


@router.get("/studies/{slug}/invitations", response=list[InvitationOut], summary="Open invitations")
def list_invitations(request: HttpRequest, slug: str) -> list[Invitation]:
    """Those that can still be followed. Asks for the role of manager."""
    return list(invitations.open_invitations(study_as(request.user, slug, Role.MANAGER))[:200])


@router.post(
    "/studies/{slug}/invitations", response={201: NewInvitationOut}, summary="Invite somebody"
)
def invite(request: HttpRequest, slug: str, body: InvitationIn) -> Status[NewInvitationOut]:
    """Managers invite volunteers, admins of the study anybody."""
    study = study_as(request.user, slug, Role.MANAGER)
    by = require_account(request)
    made, secret = invitations.invite(study, body.role, by=by, email=body.email, places=body.places)
    mailed = bool(made.email) and invitations.mail(made, secret, by)
    shown = InvitationOut.from_orm(made).model_dump()
    return Status(201, NewInvitationOut(**shown, path=f"/invitations/{secret}/", mailed=mailed))


@router.delete(
    "/studies/{slug}/invitations/{int:invitation_id}",
    response={204: None},
    summary="Take an invitation back",
)
def revoke(request: HttpRequest, slug: str, invitation_id: int) -> Status[None]:
    """Its link opens nothing from then on."""
    study = study_as(request.user, slug, Role.MANAGER)
    found = study.invitations.filter(pk=invitation_id).first()
    if found is None:
        raise NotVisibleError
    invitations.revoke(found)
    return Status(204, None)


@router.post("/invitations/{secret}", response=JoinedOut, summary="Accept an invitation")
def join(request: HttpRequest, secret: str) -> dict[str, Any]:
    """Makes one a member; 404 for a link that is not good any more."""
    user = require_account(request)
    found = invitations.find(secret)
    if found is None:
        raise HttpError(404, "This invitation was used up or taken back; ask for a new one.")
    return {"study": found.study.slug, "role": invitations.join(found, user)}


@router.post(
    "/studies/{slug}/announcements", response={201: AnnouncementOut}, summary="Announce something"
)
def announce(request: HttpRequest, slug: str, body: AnnouncementIn) -> Status[Announcement]:
    """It stands on the study's first page, and every member is told."""
    study = study_as(request.user, slug, Role.MANAGER)
    return Status(201, announcements.announce(study, body.text, require_account(request)))


@router.delete(
    "/studies/{slug}/announcements/{int:announcement_id}",
    response={204: None},
    summary="Withdraw an announcement",
)
def withdraw(request: HttpRequest, slug: str, announcement_id: int) -> Status[None]:
    """It no longer stands on the study's first page."""
    study = study_as(request.user, slug, Role.MANAGER)
    found = study.announcements.filter(pk=announcement_id).first()
    if found is None:
        raise NotVisibleError
    announcements.withdraw(found)
    return Status(204, None)


@router.get("/account/notices", response=NoticesOut, summary="One's own notices")
def list_notices(request: HttpRequest) -> dict[str, Any]:
    """The last sixty."""
    user = require_account(request)
    items = [
        {
            "id": n.pk,
            "kind": n.kind,
            "text": words_of(n),
            "path": path_of(n),
            "created": n.created,
            "read": n.read is not None,
        }
        for n in notices_of(user)[:60]
    ]
    return {"items": items, "unread": unread(user)}


@router.post("/account/notices/read", response=ReadOut, summary="Say what was seen")
def read(request: HttpRequest, body: ReadIn) -> dict[str, int]:
    """What came later stays new; how many were new until now."""
    return {"count": read_all(require_account(request), until=body.until)}
