"""Who may give whom which role in a study."""

from django.db import transaction

from lamella.accounts.models import User
from lamella.studies import hooks, services
from lamella.studies.access import ForbiddenError, has_role
from lamella.studies.models import Membership, Role, Study


class MemberError(Exception):
    """The members stay as they are; the text says why in one sentence."""


class UnknownPersonError(MemberError):
    """Nobody has that user name."""


def person_named(username: str) -> User:
    """The account of that user name, however it is capitalised. Raises UnknownPersonError."""
    name = username.strip()
    user = User.objects.filter(username__iexact=name, is_active=True).first()
    if user is None:
        raise UnknownPersonError(
            f"Nobody here has the user name “{name}”; check the spelling, or ask them to "
            "sign up first."
        )
    return user


def roles_to_give(by: User, study: Study) -> list[Role]:
    """Managers add volunteers; admins add anybody."""
    return list(Role) if has_role(by, study, Role.ADMIN) else [Role.VOLUNTEER]


@transaction.atomic
def admit(study: Study, person: User, role: Role, *, by: User) -> Membership:
    """Make somebody a member. Raises ForbiddenError, or MemberError if they are one already."""
    if role not in roles_to_give(by, study):
        raise ForbiddenError(
            f"{person.username} was not added: only admins of the study give the role "
            f"“{role.label}”."
        )
    held = Membership.objects.filter(study=study, user=person).first()
    if held is not None:
        raise MemberError(
            f"{person.username} has the role “{held.get_role_display()}” here already; "
            "change it in the list."
        )
    hooks.role_given(study, person, role)
    return services.add_member(study, person, role)


@transaction.atomic
def change_role(membership: Membership, role: Role) -> Membership:
    """Give a member another role. Raises MemberError for the last admin."""
    if role != Role.ADMIN:
        _keep_an_admin(membership)
    if role != membership.role:
        hooks.role_given(membership.study, membership.user, role)
    return services.add_member(membership.study, membership.user, role)


@transaction.atomic
def dismiss(membership: Membership, *, by: User) -> None:
    """Take a member's role: admins anybody's, managers volunteers', and everybody their own.

    Raises ForbiddenError, or MemberError for the last admin.
    """
    person, study = membership.user, membership.study
    allowed = has_role(by, study, Role.ADMIN) or membership.role == Role.VOLUNTEER or person == by
    if not allowed:
        raise ForbiddenError(
            f"{person.username} stays: only admins of the study remove managers and admins."
        )
    _keep_an_admin(membership)
    services.remove_member(study, person)


def _keep_an_admin(membership: Membership) -> None:
    admins = Membership.objects.select_for_update().filter(
        study_id=membership.study_id, role=Role.ADMIN
    )
    if [held.pk for held in admins] == [membership.pk]:
        raise MemberError(
            f"{membership.user.username} stays admin, the only one there is; "
            "make somebody else admin first."
        )
