"""What an agreed mask may still have wrong, and whether one more mask is worth asking for."""

from collections.abc import Sequence
from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True, eq=False)
class Doubt:
    """The objects of a task in one class.

    area, there: (K,) pixels of each candidate's core, and how likely it is an object.
    """

    area: NDArray[np.float64]
    there: NDArray[np.float64]


def expected_gain(
    inside: Mask,
    chance: Floats,
    hits: NDArray[np.float64],
    alarms: NDArray[np.float64],
    doubts: Sequence[Doubt],
) -> float:
    """By how much one more mask, of somebody like those who drew, lowers the expected error.

    Arguments as for expected_error; alarms: (n,) how often each of the people draws what is not
    there; doubts: of each class. Edges get nearer to the truth with the
    root of the number of people; objects by the value of one more answer about each (what is left
    of min(p, 1 - p) after it); what all overlooked, as often as somebody finds it.
    """
    people, overlooked = len(hits), float(np.prod(1 - hits))
    drawn, expected = float(inside.sum()), float(chance.sum())
    unseen = expected * overlooked / max(1 - overlooked, 1e-3)
    size = drawn + expected + unseen
    if size < 1:
        return overlooked * NOTHING_THERE * float(hits.mean())
    wrong = drawn - 2 * float(chance[inside].sum()) + expected
    open_objects, settled = 0.0, 0.0
    hit, alarm = float(hits.mean()), float(alarms.mean())
    for doubt in doubts:
        p = doubt.there
        now = np.minimum(p, 1 - p)
        then = np.minimum(p * hit, (1 - p) * alarm)
        then = then + np.minimum(p * (1 - hit), (1 - p) * (1 - alarm))
        open_objects += float(doubt.area @ now)
        settled += float(doubt.area @ (now - then))
    edges = max(wrong - open_objects, 0.0)
    nearer = 1 - (people / (people + 1)) ** 0.5
    return float((edges * nearer + settled + unseen * hit) / size)


def decide(views: int, risk: float, gain: float, config: CrowdConfig) -> Decision:
    """Retire when the expected error is small enough, when one more mask would hardly lower it, or
    when enough people have looked."""
    bound = config.risk
    people = "1 person" if views == 1 else f"{views} people"
    if views >= max(1, config.early) and risk <= bound:
        return Decision(
            "retire",
            f"{people} corrected it; the expected error is {risk:.3f}, bound {bound:.3f}.",
        )
    if views >= max(1, config.early) and gain < config.gain:
        return Decision(
            "retire",
            f"{people} corrected it; one more would lower the expected error of {risk:.3f} by "
            f"{gain:.3f} only.",
        )
    if views >= config.redundancy:
        return Decision("retire", f"{people} corrected it, as many as the study asks for.")
    return Decision(
        "ask", f"{people} corrected it; the expected error is {risk:.3f}, bound {bound:.3f}."
    )
