"""What an agreed mask may still have wrong, and whether one more mask is worth asking for."""

import numpy as np
from numpy.typing import NDArray

from models.config import CrowdConfig
from models.crowd.aggregator import Decision
from models.labels import Floats, Mask

NOTHING_THERE = 0.5
"""How likely an empty region really is empty before anybody looked."""


def expected_error(inside: Mask, chance: Floats, hits: NDArray[np.float64]) -> float:
    """Expected 1 - Dice of a mask.

    inside, chance: (H, W) the mask, and how likely each pixel belongs to it. hits: (n,) how often
    each of the people finds what is there: objects that all of them overlooked are expected to be
    as many as a capture-recapture estimate says.
    """
    overlooked = float(np.prod(1 - hits))
    drawn, expected = float(inside.sum()), float(chance.sum())
    if drawn == 0 and expected < 1:
        return overlooked * NOTHING_THERE
    wrong = drawn - 2 * float(chance[inside].sum()) + expected
    unseen = expected * overlooked / max(1 - overlooked, 1e-3)
    return min(1.0, (wrong + unseen) / (drawn + expected + unseen))


def decide(views: int, risk: float, config: CrowdConfig) -> Decision:
    """Retire when the expected error is small enough, or when enough people have looked."""
    bound = config.risk
    people = "1 person" if views == 1 else f"{views} people"
    if views >= max(1, config.early) and risk <= bound:
        return Decision(
            "retire",
            f"{people} corrected it; the expected error is {risk:.3f}, bound {bound:.3f}.",
        )
    if views >= config.redundancy:
        return Decision("retire", f"{people} corrected it, as many as the study asks for.")
    return Decision(
        "ask", f"{people} corrected it; the expected error is {risk:.3f}, bound {bound:.3f}."
    )
