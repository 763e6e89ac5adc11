"""Skills as they were at some version."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.db.models import Q

from lamella.consensus.models import Skill, SkillVersion
from models.crowd.skills import SkillSnapshot, Tally


def latest_version() -> SkillVersion | None:
    """The newest version of skills; None before any task was learned from."""
    return SkillVersion.objects.order_by("-pk").first()


def snapshot(version: SkillVersion | None, volunteers: Collection[Any]) -> SkillSnapshot:
    """The skills of some volunteers, and of what was shown, as they were at a version.

    A volunteer has a row for each version in which something new was known of them; the last one
    up to the version counts.
    """
    if version is None:
        return SkillSnapshot()
    rows = (
        Skill.objects.filter(Q(volunteer__in=volunteers) | Q(volunteer__isnull=True))
        .filter(version__lte=version.pk)
        .order_by("version_id")
        .values_list("volunteer_id", "tally")
    )
    found: dict[UUID | None, Tally] = {key: Tally.of(tally) for key, tally in rows}
    people = {str(key): tally for key, tally in found.items() if key is not None}
    return SkillSnapshot(version.pk, people, found.get(None, Tally()))
