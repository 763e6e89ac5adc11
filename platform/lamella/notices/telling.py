"""Putting notices before people. None is told of what they did themselves."""

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from lamella.accounts.models import User
from lamella.jobs.models import Job, JobState
from lamella.notices.models import Notice
from lamella.studies.models import Role, Study, StudyState

UNREAD_COUNTED = 99
"""A number beyond this is shown as more."""


def tell(users: Iterable[int], kind: Notice.Kind, study: Study, **params: Any) -> None:
    """One notice to each of these accounts (by id)."""
    Notice.objects.bulk_create(
        (Notice(user_id=pk, study=study, kind=kind, params=params) for pk in users), batch_size=500
    )


def tell_managers(
    study: Study, kind: Notice.Kind, *, but: User | None = None, **params: Any
) -> None:
    """To its managers and admins."""
    members = study.memberships.exclude(role=Role.VOLUNTEER)
    tell(_but(members.values_list("user_id", flat=True), but), kind, study, **params)


def tell_members(
    study: Study, kind: Notice.Kind, *, but: User | None = None, **params: Any
) -> None:
    """To everybody with a role in it."""
    tell(_but(study.memberships.values_list("user_id", flat=True), but), kind, study, **params)


def _but(users: Iterable[int], but: User | None) -> Iterable[int]:
    return (pk for pk in users if but is None or pk != but.pk)


def tell_of_failure(job: Job) -> None:
    """A hook of the jobs: its study's managers learn that one was given up."""
    if job.state != JobState.FAILED or not job.scope:
        return
    study = Study.objects.filter(slug=job.scope).first()
    if study is not None:
        tell_managers(study, Notice.Kind.FAILURE, title=job.title, error=job.error[:300])


def tell_of_state(study: Study, state: StudyState) -> None:
    """A hook of the studies: everybody in one learns that it was opened, paused or finished."""
    if state != StudyState.DRAFT:
        tell_members(study, Notice.Kind.STATE, state=str(state))


def tell_of_role(study: Study, person: User, role: Role) -> None:
    """A hook of the studies: a person learns of their new role."""
    tell([person.pk], Notice.Kind.ROLE, study, role=str(role))


def notices_of(user: User) -> QuerySet[Notice]:
    """The newest first."""
    return user.notices.select_related("study").order_by("-pk")


def unread(user: User) -> int:
    """How many a person has not seen, counted to UNREAD_COUNTED + 1."""
    waiting = user.notices.filter(read__isnull=True)
    return int(waiting.values("pk")[: UNREAD_COUNTED + 1].count())


def read_all(user: User, *, until: int) -> int:
    """Those up to a number count as seen; what came after the list was made does not."""
    return user.notices.filter(read__isnull=True, pk__lte=until).update(read=timezone.now())
