"""What offers ask about a volunteer in a study, read in one query."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db.models import Exists, F, FilteredRelation, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Now

from lamella.accounts.models import Volunteer
from lamella.annotation.models import Ability, Assignment, Quarantine
from lamella.annotation.practice import Accuracy
from lamella.rounds.models import Task
from lamella.studies.access import role_in
from lamella.studies.models import Role, Study
from models.crowd.skills import SkillEstimate


@dataclass(frozen=True)
class Known:
    """A volunteer, as far as offers in a study go."""

    volunteer: Volunteer
    role: Role | None
    paused: bool
    in_quarantine: bool
    skill: SkillEstimate | None
    held: UUID | None
    """The oldest lease that they hold."""
    since_practice: int
    """Slices handed in since the last one of practice."""
    practice: Accuracy | None
    """How well practice went; None before the first."""
    settled: bool
    """Whether ``practice`` is known; not for who practised before it was written down."""


def known_in(study: Study) -> QuerySet[Volunteer]:
    """Volunteers with what `told` reads."""
    return _known_in(study.pk)


@lru_cache(maxsize=256)
def _known_in(study_id: int) -> QuerySet[Volunteer]:
    """Put together once: that takes as long as to ask it. Whoever filters it gets a copy."""
    kept_out = Quarantine.objects.filter(
        study=study_id, volunteer=OuterRef("pk"), lifted__isnull=True
    )
    held = Assignment.objects.filter(
        volunteer=OuterRef("pk"),
        task__study=study_id,
        # Others may have agreed on it meanwhile; a retired task is shown to nobody.
        task__state=Task.State.OPEN,
        state=Assignment.State.LEASED,
        lease_until__gt=Now(),
    ).order_by("created")
    return Volunteer.objects.select_related("ability").annotate(
        here=FilteredRelation("participations", condition=Q(participations__study=study_id)),
        halted=F("here__paused"),
        since_practice=F("here__since_practice"),
        practised=F("here__practised"),
        practice_dice=F("here__practice_dice"),
        kept_out=Exists(kept_out),
        held=Subquery(held.values("pk")[:1]),
    )


def told(row: Any, role: Role | None) -> Known:
    """What a row of `known_in` tells of a volunteer who has that role in the study. No query."""
    return Known(
        volunteer=row,
        role=role,
        paused=row.paused or row.halted is not None,
        in_quarantine=row.kept_out,
        skill=skill_of(getattr(row, "ability", None)),
        held=row.held,
        since_practice=row.since_practice or 0,
        practice=Accuracy(row.practice_dice, row.practised) if row.practised else None,
        # Without a row of participation there is no practice either.
        settled=row.practised is not None or row.since_practice is None,
    )


def known_of(study: Study, volunteer: Volunteer) -> Known:
    """The same of a volunteer of whom nothing is read yet."""
    role = role_in(volunteer.user, study) if volunteer.user else None
    return told(known_in(study).get(pk=volunteer.pk), role)


def skill_of(ability: Ability | None) -> SkillEstimate | None:
    """A stored skill, as models.crowd knows it."""
    if ability is None:
        return None
    return SkillEstimate(
        hit=ability.hit,
        false_alarm=ability.false_alarm,
        spread=ability.spread,
        edge=ability.edge,
        bias=ability.bias,
        weight=ability.tasks,
    )
