"""Inviting people to a study by a link, with or without a mail that carries it."""

import hashlib
import secrets
from datetime import timedelta

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from lamella.accounts.models import User
from lamella.notices.models import PLACES, Invitation, Notice
from lamella.notices.telling import tell
from lamella.studies import members, services
from lamella.studies.access import ForbiddenError, at_least
from lamella.studies.members import MemberError
from lamella.studies.models import Role, Study

GOOD_FOR = timedelta(days=30)


class InvitationError(MemberError):
    """Nobody was invited, or nobody joined; the text says why in one sentence."""


def invite(
    study: Study, role: Role, *, by: User, email: str = "", places: int = 1
) -> tuple[Invitation, str]:
    """(the invitation, the secret of its link, which is kept nowhere).

    Raises ForbiddenError, InvitationError.
    """
    if role not in members.roles_to_give(by, study):
        raise ForbiddenError("Only admins of the study invite managers and admins.")
    if not PLACES[0] <= places <= PLACES[1]:
        raise InvitationError(
            f"An invitation is good for {PLACES[0]} to {PLACES[1]} people; choose another number."
        )
    if role != Role.VOLUNTEER and not email and places > 1:
        raise InvitationError("A link for several people makes volunteers only; choose that role.")
    secret = secrets.token_urlsafe(24)
    made = Invitation.objects.create(
        study=study,
        role=role,
        email=email.strip(),
        places=1 if email else places,
        token_hash=_hash(secret),
        by=by,
        expires=timezone.now() + GOOD_FOR,
    )
    return made, secret


def mail(invitation: Invitation, secret: str, by: User) -> bool:
    """Send the link to the address that was given; False where the server sends no mail now."""
    study = invitation.study
    words = {
        "name": by.username,
        "title": study.title,
        "question": study.question,
        "link": f"{settings.PUBLIC_URL}/invitations/{secret}/",
    }
    text = (
        _(
            "%(name)s invites you to help with “%(title)s”: %(question)s\n\n"
            "Follow this link to join; it is good for 30 days:\n%(link)s\n\n"
            "If you do not know what this is about, do nothing: you will not be written to again."
        )
        % words
    )
    try:
        send_mail(_("Invitation to “%(title)s”") % words, text, None, [invitation.email])
    except OSError:  # SMTP's errors are among these
        return False
    return True


def open_invitations(study: Study) -> QuerySet[Invitation]:
    """Those that can still be followed, the newest first."""
    return study.invitations.filter(
        revoked__isnull=True, expires__gt=timezone.now(), taken__lt=F("places")
    ).select_related("by")


def find(secret: str) -> Invitation | None:
    """The invitation that a link opens, while it is good."""
    found = Invitation.objects.select_related("study", "by").filter(token_hash=_hash(secret))
    return found.filter(
        revoked__isnull=True, expires__gt=timezone.now(), taken__lt=F("places")
    ).first()


@transaction.atomic
def join(invitation: Invitation, user: User) -> Role:
    """Make a person a member; the role they have by then. Raises InvitationError.

    Nobody's role is lowered, and a member's second click takes no place.
    """
    held = invitation.study.memberships.filter(user=user).first()
    role = Role(invitation.role)
    if held is not None and at_least(Role(held.role), role):
        return Role(held.role)
    good = Invitation.objects.filter(
        pk=invitation.pk,
        revoked__isnull=True,
        expires__gt=timezone.now(),
        taken__lt=F("places"),
    )
    if not good.update(taken=F("taken") + 1):
        raise InvitationError("This invitation was used up or taken back; ask for a new one.")
    services.add_member(invitation.study, user, role)
    if invitation.by_id is not None:
        tell([invitation.by_id], Notice.Kind.JOINED, invitation.study, name=user.username)
    return role


def revoke(invitation: Invitation) -> None:
    """The link opens nothing from now on."""
    Invitation.objects.filter(pk=invitation.pk).update(revoked=timezone.now())


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
