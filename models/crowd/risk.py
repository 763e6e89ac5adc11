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


@dataclass(frozen=True, slots=True, eq=False)
class Doubt:
    """The objects of a task in one class.

    area, there: (K,) pixels of each candidate's core, and how likely it is an object.
    """

    area: NDArray[np.float64]
    there: NDArray[np.float64]


class Outlook:
    """What is expected of an agreed mask, in pixels.

    inside, chance: (H, W) the mask, and how likely each pixel belongs to it. hits: (n,) how often
    each of the people finds what is there: objects that all of them overlooked are expected to be
    as many as a capture-recapture estimate says.
    """

    def __init__(self, inside: Mask, chance: Floats, hits: NDArray[np.float64]) -> None:
        self._hits = hits
        self._overlooked = float(np.prod(1 - hits))
        drawn, expected = float(inside.sum()), float(chance.sum())
        self._nothing = drawn == 0 and expected < 1
        self._wrong = drawn - 2 * float(chance[inside].sum()) + expected
        self._unseen = expected * self._overlooked / max(1 - self._overlooked, 1e-3)
        self._size = drawn + expected + self._unseen

    @property
    def error(self) -> float:
        """Expected 1 - Dice."""
        if self._nothing:
            return self._overlooked * NOTHING_THERE
        return min(1.0, (self._wrong + self._unseen) / self._size)

    def gain(self, alarms: NDArray[np.float64], doubts: Sequence[Doubt]) -> float:
        """By how much one more mask, of somebody like those who drew, lowers the expected error.

        alarms: (n,) how often each of the people draws what is not there; doubts: of each class.
        Edges get nearer to the truth with the root of the number of people; objects by the value of
        one more answer about each (what is left of min(p, 1 - p) after it); what all overlooked, as
        often as somebody finds it.
        """
        hit, alarm = float(self._hits.mean()), float(alarms.mean())
        if self._nothing:
            return self.error * hit
        open_objects, settled = 0.0, 0.0
        for doubt in doubts:
            p = doubt.there
            now = np.minimum(p, 1 - p)
            then = np.minimum(p * hit, (1 - p) * alarm)
            then = then + np.minimum(p * (1 - hit), (1 - p) * (1 - alarm))
            open_objects += float(doubt.area @ now)
            settled += float(doubt.area @ (now - then))
        edges = max(self._wrong - open_objects, 0.0)
        people = len(self._hits)
        nearer = 1 - float(people / (people + 1)) ** 0.5
        return float((edges * nearer + settled + self._unseen * hit) / self._size)


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
