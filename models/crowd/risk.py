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
    """The objects of a task in one class, and how one more person would answer.

    area, there: (K,) pixels of each candidate's core, and how likely it is an object; shown: (K,)
    whether the proposal has it; hit, alarm: (K,) how likely somebody whom nobody knows has it in
    their mask, if it is there and if it is not.
    """

    area: NDArray[np.float64]
    there: NDArray[np.float64]
    shown: NDArray[np.bool_]
    hit: NDArray[np.float64]
    alarm: NDArray[np.float64]

    @property
    def open(self) -> float:
        """Pixels expected to be wrong, as each object is taken for what is likelier."""
        return float(self.area @ np.minimum(self.there, 1 - self.there))

    @property
    def settled(self) -> float:
        """How many fewer after one more answer to each, and what it prepares.

        One answer to the contrary may leave an object as open as it was, and is worth asking for
        all the same: doubt is counted as p (1 - p), which any answer lowers.
        """
        p, hit, alarm = self.there, self.hit, self.alarm
        yes, no = p * hit + (1 - p) * alarm, p * (1 - hit) + (1 - p) * (1 - alarm)
        doubt = 2 * p * (1 - p)
        then = (
            2
            * p
            * (1 - p)
            * (
                hit * alarm / np.maximum(yes, 1e-12)
                + (1 - hit) * (1 - alarm) / np.maximum(no, 1e-12)
            )
        )
        return float(self.area @ np.minimum(doubt - then, np.minimum(p, 1 - p)))

    @property
    def unshown(self) -> float:
        """Pixels of objects that the proposal does not show."""
        return float(self.area[~self.shown] @ self.there[~self.shown])


class Outlook:
    """What is expected of an agreed mask, in pixels.

    inside, chance: (H, W) the mask, and how likely each pixel belongs to it. hits: (n,) how often
    each of the people finds what is there: objects that all of them overlooked are expected to be
    as many as a capture-recapture estimate says. people: those whose outlines are worth something,
    who need not be whole.
    """

    def __init__(
        self,
        inside: Mask,
        chance: Floats,
        hits: NDArray[np.float64],
        doubts: Sequence[Doubt],
        people: float,
    ) -> None:
        self._hits, self._doubts, self._people = hits, doubts, people
        self._overlooked = float(np.prod(1 - hits))
        drawn, expected = float(np.count_nonzero(inside)), float(chance.sum())
        self._nothing = drawn == 0 and expected < 1
        self._wrong = drawn - 2 * float(chance[inside].sum()) + expected
        found = sum(doubt.unshown for doubt in doubts)
        self._unseen = found * self._overlooked / max(1 - self._overlooked, 1e-3)
        self._size = drawn + expected + self._unseen

    @property
    def error(self) -> float:
        """Expected 1 - Dice."""
        if self._nothing:
            return self._overlooked * NOTHING_THERE
        return min(1.0, (self._wrong + self._unseen) / self._size)

    def gain(self, hit: float) -> float:
        """By how much one more mask lowers the expected error.

        hit: how often somebody whom nobody knows finds what is there and not shown. Edges get
        nearer to the truth with the root of the number of people; objects by the value of one more
        answer about each; what all overlooked, as often as somebody finds it.
        """
        if self._nothing:
            return self.error * hit
        settled = sum(doubt.settled for doubt in self._doubts)
        edges = max(self._wrong - sum(doubt.open for doubt in self._doubts), 0.0)
        people = max(self._people, 1.0)
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
