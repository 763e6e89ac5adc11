"""Which of the most valuable tasks a volunteer is given: hard ones to the skilled."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from django.db.models import Exists, OuterRef

from lamella.accounts.models import Volunteer
from lamella.annotation.models import Ability, Participation, Quarantine
from lamella.rounds.models import Task
from lamella.studies.models import Study
from lamella.studies.policy import config_of
from models.config import CrowdConfig
from models.crowd.routing import advantage, chances
from models.crowd.skills import SkillEstimate

WINDOW = 60
"""Tasks, the most valuable first, among which a volunteer's is chosen."""


@dataclass(frozen=True)
class Known:
    """What offers ask about a volunteer in a study."""

    paused: bool
    in_quarantine: bool
    skill: SkillEstimate | None


def known_of(study: Study, volunteer: Volunteer) -> Known:
    """One query."""
    paused = Participation.objects.filter(
        study=study, volunteer=OuterRef("pk"), paused__isnull=False
    )
    kept_out = Quarantine.objects.filter(study=study, volunteer=OuterRef("pk"), lifted__isnull=True)
    row = (
        Volunteer.objects.filter(pk=volunteer.pk)
        .annotate(is_paused=Exists(paused), kept_out=Exists(kept_out))
        .select_related("ability")
        .get()
    )
    return Known(row.is_paused, row.kept_out, skill_of(getattr(row, "ability", None)))


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


def routed(study: Study, tasks: Sequence[Task], skill: SkillEstimate | None) -> list[Task]:
    """The tasks in the order in which they are offered to somebody of this skill.

    First those that not enough people have seen to retire, so that nobody looks at what two settle;
    among equals, by how much more this person tells of each than a typical one. Blind tasks keep
    their place: what certifies a cube must not depend on who comes.
    """
    movable = [place for place, task in enumerate(tasks) if not task.blind]
    if len(movable) < 2:
        return list(tasks)
    mine = [tasks[place] for place in movable]
    chance = chances([t.expected_error for t in mine], [t.score for t in mine])
    ahead = advantage(chance, skill)
    settling = _settling(study)
    enough = np.array([t.places_taken >= min(t.redundancy, settling) for t in mine])
    # Rounded, so that equals keep the order of their value.
    order = np.lexsort((np.arange(len(mine)), -np.round(ahead, 6), enough))
    result = list(tasks)
    for place, index in zip(movable, order, strict=True):
        result[place] = mine[int(index)]
    return result


def _settling(study: Study) -> int:
    """People after whom a task may retire at the earliest."""
    return max(config_of(study, CrowdConfig, "crowd").early, 1)
