"""How views find a study and check a role: what a person may not know of is a 404."""

from dataclasses import dataclass

from django.http import HttpRequest
from django.utils.translation import gettext as _

from lamella.accounts.models import User
from lamella.studies.access import ForbiddenError, at_least, study_and_role
from lamella.studies.models import Role, Study


@dataclass(frozen=True)
class Place:
    """A study as one person stands to it; templates get it as ``place``."""

    study: Study
    role: Role | None

    @property
    def manages(self) -> bool:
        return at_least(self.role, Role.MANAGER)

    @property
    def administers(self) -> bool:
        return self.role == Role.ADMIN


def place_for(request: HttpRequest, slug: str, least: Role | None = None) -> Place:
    """The study of a slug. Raises NotVisibleError, or ForbiddenError below the role ``least``."""
    study, role = study_and_role(request.user, slug)
    place = Place(study=study, role=role)
    if least is not None and not at_least(role, least):
        raise ForbiddenError(
            _(
                "This page of “%(title)s” needs the role “%(role)s”; "
                "ask an admin of the study for it."
            )
            % {"title": study.title, "role": least.label}
        )
    return place


def user_of(request: HttpRequest) -> User:
    """The account behind a request that only an account can make."""
    assert isinstance(request.user, User), "a role was checked before"
    return request.user
