"""What in somebody's behaviour deserves a manager's look, and what to do about it.

Rubber-stamping is measured by what was left wrong, not by how little was changed: to accept a good
proposal is a full contribution.
"""

from dataclasses import dataclass
from enum import StrEnum

from models.config import GuardConfig
from models.crowd.skills import SkillEstimate


class Sign(StrEnum):
    """What somebody does; the worst first."""

    QUICK = "quick"
    """Accepts what is shown with hardly a look."""
    NODS = "nods"
    """Leaves nearly everything as it is shown, though something was wrong."""
    FLOODS = "floods"
    """Marks nearly all of a slice."""
    COPIES = "copies"
    """Hands in the same drawing again and again, or somebody else's."""
    CHANCE = "chance"
    """Is right no more often than chance."""


class Remedy(StrEnum):
    """What to do about it. Each can be undone."""

    QUARANTINE = "quarantine"
    """Their masks stop counting, and the tasks are asked again."""
    PAUSE = "pause"
    """They get no more tasks; what they made counts on."""


REMEDIES = {
    Sign.QUICK: Remedy.QUARANTINE,
    Sign.NODS: Remedy.PAUSE,
    Sign.FLOODS: Remedy.QUARANTINE,
    Sign.COPIES: Remedy.QUARANTINE,
    Sign.CHANCE: Remedy.PAUSE,
}


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What a volunteer has handed in to a study.

    masks: all; unedited, quick, floods, copies: how many of them; needed: changes that were needed,
    in objects; left: of these, how many were left undone.
    """

    masks: int
    unedited: int = 0
    quick: int = 0
    floods: int = 0
    copies: int = 0
    needed: float = 0.0
    left: float = 0.0


@dataclass(frozen=True, slots=True)
class Suspicion:
    """sign: what somebody does; share: of their masks (or of what was wrong), 0..1."""

    sign: Sign
    share: float

    @property
    def remedy(self) -> Remedy:
        """What to do about it."""
        return REMEDIES[self.sign]


def suspicions(
    behaviour: Behaviour, skill: SkillEstimate | None, config: GuardConfig | None = None
) -> list[Suspicion]:
    """What is suspicious, the worst first; nothing of somebody who handed in few masks."""
    config = config or GuardConfig()
    masks = behaviour.masks
    if masks < config.least:
        return []
    found = []
    for sign, count in (
        (Sign.QUICK, behaviour.quick),
        (Sign.FLOODS, behaviour.floods),
        (Sign.COPIES, behaviour.copies),
    ):
        if count / masks >= config.often:
            found.append(Suspicion(sign, count / masks))
    left = behaviour.left / behaviour.needed if behaviour.needed >= config.needed else 0.0
    if behaviour.unedited / masks >= config.unedited and left >= config.left:
        found.append(Suspicion(Sign.NODS, left))
    if skill is not None and skill.weight >= config.least:
        best = skill.hit - skill.false_alarm + 2 * skill.spread
        if best < config.skill:
            found.append(Suspicion(Sign.CHANCE, max(skill.hit - skill.false_alarm, 0.0)))
    order = list(Sign)
    return sorted(found, key=lambda one: order.index(one.sign))
