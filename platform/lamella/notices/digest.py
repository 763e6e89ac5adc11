"""Notices by mail: one mail a day or a week, to those who have not seen them in the page."""

from collections.abc import Callable
from datetime import timedelta
from email.utils import formataddr

from django.conf import settings
from django.core import signing
from django.core.mail import EmailMessage
from django.db.models import Q, QuerySet
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from lamella.accounts.models import Digest, User
from lamella.jobs.errors import TransientError
from lamella.jobs.services import enqueue
from lamella.notices.models import Notice
from lamella.notices.wording import path_of, words_of

MOST = 40
"""Notices told in full in one mail."""
_SALT = "lamella.digest"
# A little less than a day or a week, so that the hour of the mail does not wander.
_EVERY = {Digest.DAILY: timedelta(hours=23), Digest.WEEKLY: timedelta(days=6, hours=23)}

Standing = Callable[[User], list[str]]
STANDING: list[Standing] = []
"""What else a mail says, from apps that this one does not know: what waits for a person now."""


def enqueue_due() -> int:
    """A job for everybody whose mail is due; called every hour."""
    now = timezone.now()
    due = Q()
    for choice, every in _EVERY.items():
        due |= Q(digest=choice) & (Q(digest_sent=None) | Q(digest_sent__lt=now - every))
    waiting = Notice.objects.filter(read__isnull=True, mailed__isnull=True).values("user")
    people = User.objects.filter(due, pk__in=waiting, is_active=True).exclude(email="")
    found = list(people.values_list("pk", flat=True))
    for pk in found:
        enqueue("digest", params={"user_id": pk}, key=f"digest:{pk}")
    return len(found)


def send(user_id: int) -> int:
    """Mail what a person has not seen yet; how many notices that were.

    Claimed before it is sent: should the process die in between, a mail is missing rather than
    sent twice. Raises TransientError where the mail server does not take it.
    """
    user = User.objects.filter(pk=user_id, is_active=True).exclude(email="").first()
    if user is None or user.digest == Digest.OFF:
        return 0
    now = timezone.now()
    claim = _unseen(user).update(mailed=now)
    if not claim:
        return 0
    notices = list(user.notices.filter(mailed=now).select_related("study").order_by("pk"))
    try:
        mail_of(user, notices).send()
    except OSError as error:
        user.notices.filter(mailed=now).update(mailed=None)
        raise TransientError(
            "The mail server did not take the digest; it is sent again later."
        ) from error
    User.objects.filter(pk=user.pk).update(digest_sent=now)
    return len(notices)


def _unseen(user: User) -> QuerySet[Notice]:
    return user.notices.filter(read__isnull=True, mailed__isnull=True)


def mail_of(user: User, notices: list[Notice]) -> EmailMessage:
    """The mail, in the person's language."""
    with translation.override(user.language or settings.LANGUAGE_CODE):
        subject = ngettext(
            "%(count)s notice from Lamella", "%(count)s notices from Lamella", len(notices)
        )
        lines = [f"- {words_of(n)}\n  {settings.PUBLIC_URL}{path_of(n)}" for n in notices[:MOST]]
        if len(notices) > MOST:
            lines.append(_("- and %(count)s more") % {"count": len(notices) - MOST})
        standing = [f"- {line}" for told in STANDING for line in told(user)]
        if standing:
            lines += ["", _("What waits for you now:"), *standing]
        leave = f"{settings.PUBLIC_URL}/unsubscribe/{leaving_token(user)}/"
        end = _("You get this because you have a role in a study. No more of these mails: %(link)s")
        text = "\n".join([*lines, "", "--", end % {"link": leave}])
        return EmailMessage(
            subject % {"count": len(notices)},
            text,
            to=[formataddr((user.username, user.email))],
            headers={
                "List-Unsubscribe": f"<{leave}>",
                "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            },
        )


def leaving_token(user: User) -> str:
    """What a link in a mail carries to stop the mails, without signing in."""
    return signing.dumps(user.pk, salt=_SALT)


def leaver(token: str) -> User | None:
    """Whose mails a link stops; None for a link that was not made here."""
    try:
        pk = signing.loads(token, salt=_SALT)
    except signing.BadSignature:
        return None
    return User.objects.filter(pk=pk).first()


def stop(user: User) -> None:
    """No more mails to this person; notices in the page go on."""
    User.objects.filter(pk=user.pk).exclude(digest=Digest.OFF).update(digest=Digest.OFF)
