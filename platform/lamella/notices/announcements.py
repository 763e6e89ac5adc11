"""A word of the managers to everybody in a study."""

from django.contrib.sessions.backends.base import SessionBase
from django.db import transaction
from django.utils import timezone

from lamella.accounts.models import User
from lamella.notices.models import Announcement, Notice
from lamella.notices.telling import tell_members
from lamella.studies.models import Study

SHOWN = 3
"""Announcements that a study's home shows."""


@transaction.atomic
def announce(study: Study, text: str, by: User) -> Announcement:
    """Put it on the study's home, and before every member."""
    made = Announcement.objects.create(study=study, text=text.strip(), by=by)
    tell_members(study, Notice.Kind.ANNOUNCEMENT, but=by, text=made.text)
    return made


def withdraw(announcement: Announcement) -> None:
    """Take it off the study's home. Who was told of it was told."""
    Announcement.objects.filter(pk=announcement.pk, withdrawn__isnull=True).update(
        withdrawn=timezone.now()
    )


def standing(study: Study) -> list[Announcement]:
    """Those that the study's home shows, the newest first. One query."""
    return list(study.announcements.filter(withdrawn__isnull=True).select_related("by")[:SHOWN])


def news_of(study: Study, session: SessionBase) -> list[Announcement]:
    """Those of them that this session was not shown at work yet; from now on it was."""
    shown = standing(study)
    key = f"news:{study.pk}"
    seen = session.get(key, 0)
    news = [one for one in shown if one.pk > seen]
    if news:
        session[key] = max(one.pk for one in news)
    return news
