"""How much doubt each look at an audit may cost, so that all looks together stay honest.

Whoever looks at a 95 % interval every round, and stops when it pleases, is wrong more often than
5 %. Here every look has its own, stricter level; the levels of however many looks sum to at most
1 - confidence, so by the union bound the intervals of all looks hold together. How a level depends
on what has been audited, not on how often one looks, is alpha spending (Lan and DeMets, Biometrika
70(3), 1983). The exported mask changes from look to look, so the looks share no fixed quantity that
a martingale could follow; the union bound needs none.
"""

from collections.abc import Sequence

POWER = 2.0
"""Late looks, which rest on more and are the ones that stop a study, are given most."""
BEYOND = 0.1
"""Share of the doubt kept for looks after the planned share has been audited."""


def spent(audited: float, planned: float, alpha: float) -> float:
    """The doubt that looks up to this audited share may have cost together: grows from 0 to alpha.

    audited, planned: shares of the cube's area, now and at the end of the plan; alpha:
    1 - confidence. Raises ValueError where planned is not above 0.
    """
    if planned <= 0:
        raise ValueError(f"The planned share of an audit must be above 0, not {planned}.")
    done = max(audited, 0.0) / planned
    if done <= 1:
        return alpha * (1 - BEYOND) * float(done**POWER)
    return alpha * (1 - BEYOND + BEYOND * (1 - 1 / done))


def level(audited: float, before: Sequence[float], planned: float, alpha: float = 0.05) -> float:
    """What this look may cost. 0 where nothing was audited since an earlier look.

    audited: share of the area audited now; before: the same at every earlier look.
    """
    already = max(before, default=0.0)
    return max(0.0, spent(audited, planned, alpha) - spent(already, planned, alpha))
