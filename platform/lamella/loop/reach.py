"""Whether a study may be near its target, so that it is time to draw the blind audit.

Told from audits over proposals alone. They flatter, so they may say so too early, never too late;
and since no blind mask has a say, the chances of the blind tiles do not depend on who was drawn.
"""

from collections.abc import Sequence

from lamella.cubes.models import Cube
from lamella.loop.anchored import anchored_certificate
from lamella.rounds.models import Round, Task
from lamella.studies.models import Study

ROUNDS = 2
"""Rounds running whose estimates reach the target: that of one round rests on few slices."""


def target_in_reach(study: Study, cubes: Sequence[Cube]) -> bool:
    """Whether the last ROUNDS rounds with audits estimate every cube that they audited to be at
    the target."""
    audited = study.rounds.filter(
        state=Round.State.CLOSED,
        number__gte=1,
        tasks__kind=Task.Kind.AUDIT,
        tasks__blind=False,
    ).distinct()
    last = list(audited.order_by("-number")[:ROUNDS])
    return len(last) == ROUNDS and all(_reached(one, cubes, study.target_dice) for one in last)


def _reached(closed: Round, cubes: Sequence[Cube], target: float) -> bool:
    found = [anchored_certificate(closed, cube) for cube in cubes]
    estimates = [figures.dice for figures in found if figures is not None]
    return bool(estimates) and all(dice is not None and dice >= target for dice in estimates)
