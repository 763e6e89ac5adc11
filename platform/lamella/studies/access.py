"""What a person may see and do in a study. To outsiders a private study is not there."""

from django.contrib.auth.models import AnonymousUser
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from lamella.accounts.models import User
from lamella.studies.models import Membership, Role, Study, StudyState

Person = User | AnonymousUser

_RANK = {Role.VOLUNTEER: 1, Role.MANAGER: 2, Role.ADMIN: 3}


class NotVisibleError(Exception):
    """The thing does not exist as far as this person is concerned (answered with 404)."""


class ForbiddenError(Exception):
    """The person may see the study, but not do this (answered with 403)."""


def role_in(user: Person, study: Study) -> Role | None:
    """The person's role; admins of the installation are admins of every study."""
    if not isinstance(user, User) or not user.is_active:
        return None
    if user.is_staff:
        return Role.ADMIN
    membership = Membership.objects.filter(user=user, study=study).first()
    return Role(membership.role) if membership else None


def study_and_role(user: Person, slug: str) -> tuple[Study, Role | None]:
    """The study of that slug with the person's `role_in` it, in one query.

    Raises NotVisibleError where `study_for` does.
    """
    held = Membership.objects.filter(study=OuterRef("pk"), user=user.pk).values("role")
    study = Study.objects.filter(slug=slug).annotate(held=Subquery(held[:1])).first()
    if study is None:
        raise NotVisibleError
    role = None
    if isinstance(user, User) and user.is_active:
        role = Role.ADMIN if user.is_staff else (Role(study.held) if study.held else None)
    if role is None and not (study.public and study.state != StudyState.DRAFT):
        raise NotVisibleError
    return study, role


def at_least(role: Role | None, least: Role) -> bool:
    """Whether a role, or none, is as high as another."""
    return role is not None and _RANK[role] >= _RANK[least]


def has_role(user: Person, study: Study, least: Role) -> bool:
    return at_least(role_in(user, study), least)


def may_view(user: Person, study: Study) -> bool:
    """Members see their study; everybody sees a public one that is no draft."""
    if study.public and study.state != StudyState.DRAFT:
        return True
    return role_in(user, study) is not None


def may_contribute(user: Person, study: Study, role: Role | None) -> bool:
    """Members may take tasks; in public studies every account, and others where it is allowed.

    role: the person's in the study.
    """
    return role is not None or (study.public and (study.anonymous or isinstance(user, User)))


def require_view(user: Person, study: Study) -> None:
    if not may_view(user, study):
        raise NotVisibleError


def require(user: Person, study: Study, least: Role) -> None:
    """Raises NotVisibleError for outsiders of what they cannot see, ForbiddenError otherwise."""
    require_view(user, study)
    if not has_role(user, study, least):
        raise ForbiddenError(
            f"This needs the role of {least.label} in the study “{study.title}”; "
            "ask one of its admins."
        )


def visible_studies(user: Person) -> QuerySet[Study]:
    public = Q(public=True) & ~Q(state=StudyState.DRAFT)
    if not isinstance(user, User):
        return Study.objects.filter(public)
    if user.is_staff:
        return Study.objects.all()
    # No join: it would bring every study once for each of its members.
    mine = Membership.objects.filter(study=OuterRef("pk"), user=user)
    return Study.objects.filter(public | Exists(mine))


def administered_studies(user: Person) -> QuerySet[Study]:
    """The studies in which the person is admin: `role_in`, of all at once."""
    if not isinstance(user, User) or not user.is_active:
        return Study.objects.none()
    if user.is_staff:
        return Study.objects.all()
    return Study.objects.filter(memberships__user=user, memberships__role=Role.ADMIN)


def study_for(user: Person, slug: str) -> Study:
    """The study of that slug, if the person may see it. Raises NotVisibleError."""
    study = Study.objects.filter(slug=slug).first()
    if study is None or not may_view(user, study):
        raise NotVisibleError
    return study


def study_as(user: Person, slug: str, least: Role) -> Study:
    """The study, if the person has at least that role. Raises NotVisibleError, ForbiddenError."""
    study = study_for(user, slug)
    require(user, study, least)
    return study
