"""Which of the most valuable tasks a volunteer is given: hard ones to the skilled."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from lamella.studies.models import Study
from lamella.studies.policy import config_of
from models.config import CrowdConfig
from models.crowd.routing import advantage, chances
from models.crowd.skills import SkillEstimate

WINDOW = 60
"""Tasks, the most valuable first, among which a volunteer's is chosen."""


class Free(NamedTuple):
    """What the choice looks at of an open task with a free place; the names are its fields."""

    id: int
    blind: bool
    expected_error: float | None
    score: float | None
    places_taken: int
    redundancy: int


def routed(study: Study, tasks: Sequence[Free], skill: SkillEstimate | None) -> list[Free]:
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
