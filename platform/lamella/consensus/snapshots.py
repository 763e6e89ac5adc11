"""Skills as they were at some version."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, Subquery

from lamella.accounts.models import Volunteer
from lamella.consensus.models import Skill, SkillVersion
from models.crowd.skills import SkillSnapshot, Tally


def latest_version() -> SkillVersion | None:
    """The newest version of skills; None before any task was learned from."""
    return SkillVersion.objects.order_by("-pk").first()


def snapshot(version: SkillVersion | None, volunteers: Collection[UUID]) -> SkillSnapshot:
    """The skills of some volunteers, and of what was shown, as they were at a version.

    A volunteer has a row for each version in which something new was known of them; the last one
    up to the version counts. Two queries, whatever the length of their history.
    """
    if version is None:
        return SkillSnapshot()
    newest = Skill.objects.filter(version__lte=version.pk).order_by("-version_id")
    last = Subquery(newest.filter(volunteer=OuterRef("pk")).values("tally")[:1])
    people = Volunteer.objects.filter(pk__in=volunteers).annotate(tally=last)
    found: dict[str, Any] = {str(key): t for key, t in people.values_list("pk", "tally") if t}
    shown = newest.filter(volunteer__isnull=True).values_list("tally", flat=True).first()
    return SkillSnapshot(
        version.pk, {key: Tally.of(tally) for key, tally in found.items()}, Tally.of(shown or {})
    )
