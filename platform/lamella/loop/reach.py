"""When to draw the blind audit: once the target may be in reach, or the study is about to end.

The first is told from audits over proposals alone. They rest on few slices, so they may say so a
little early or late; but since no blind mask has a say in it, the chances of the blind tiles do not
depend on who was drawn.
"""

from collections.abc import Sequence

from lamella.cubes.models import Cube
from lamella.loop.anchored import anchored_certificate
from lamella.rounds.models import Round, Task
from lamella.studies.models import Study
from lamella.studies.policy import config_of
from models.config import BlindConfig

ROUNDS = 2
"""Audited rounds that are looked at together: one alone rests on too few slices."""


def certificate_is_due(study: Study, cubes: Sequence[Cube]) -> bool:
    """Whether the round that is opened now is to have its part of the planned blind audit."""
    closed = study.rounds.filter(state=Round.State.CLOSED, number__gte=1)
    left = study.max_rounds - closed.count()
    if left <= config_of(study, BlindConfig, "blind").last_rounds:
        return True
    audited = closed.filter(tasks__kind=Task.Kind.AUDIT, tasks__blind=False).distinct()
    last = list(audited.order_by("-number")[:ROUNDS])
    told = [anchored_certificate(one, cube) for one in last for cube in cubes]
    dice = [figures.dice for figures in told if figures is not None and figures.dice is not None]
    return len(last) == ROUNDS and bool(dice) and sum(dice) / len(dice) >= study.target_dice
