"""The members of a study, a page at a time."""

from dataclasses import dataclass

from django.db.models import Q

from lamella.studies.models import Membership, Study

LENGTH = 60
"""Rows of one page."""


@dataclass(frozen=True)
class Roster:
    members: list[Membership]
    after: str
    """Where the next page begins; empty after the last."""


def roster_of(study: Study, *, after: str = "", name: str = "") -> Roster:
    """Admins, managers and volunteers, each by name. One query."""
    found = study.memberships.select_related("user")
    if name:
        found = found.filter(user__username__istartswith=name)
    if after:
        role, _, username = after.partition(":")
        found = found.filter(Q(role__gt=role) | Q(role=role, user__username__gt=username))
    # By chance the roles are in the order of the alphabet.
    rows = list(found.order_by("role", "user__username")[: LENGTH + 1])
    more = ""
    if len(rows) > LENGTH:
        more = f"{rows[LENGTH - 1].role}:{rows[LENGTH - 1].user.username}"
    return Roster(rows[:LENGTH], more)
