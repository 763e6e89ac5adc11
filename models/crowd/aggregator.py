"""The seam for consensus: corrections in order, a proposal and a snapshot of skills in, a
result out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from models.crowd.skills import SkillSnapshot, Tally
from models.labels import Floats, Labels


@dataclass(frozen=True, slots=True, eq=False)
class CrowdMask:
    """One volunteer's mask of a task.

    volunteer: pseudonym; mask: (H, W) unsigned integers, UNSURE where they would not say;
    seconds:   active time, 0 where not recorded.
    """

    volunteer: str
    mask: Labels
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Decision:
    """Ask another volunteer or retire the task, and why, in words that are stored with the task."""

    action: Literal["ask", "retire"]
    reason: str


@dataclass(frozen=True, slots=True)
class CrowdObject:
    """Something that somebody drew, or that the proposal showed.

    value: class; y, x: its centre in pixels of the task; area: pixels of its core; shown: whether
    the proposal has it; drawn: volunteers whose mask has it; false_positive: 0..1, how likely it is
    not there.
    """

    value: int
    y: float
    x: float
    area: int
    shown: bool
    drawn: int
    false_positive: float


@dataclass(frozen=True, slots=True, eq=False)
class CrowdResult:
    """The agreed mask of a task.

    mask:        (H, W), dtype of the proposal; UNSURE where everybody was unsure.
    probability: (H, W) float32 in 0..1: how likely the agreed value is (majority: share of the
                 votes).
    objects:     what was drawn or shown, taken up or not; empty where the method knows pixels only.
    risk:        expected 1 - Dice of the mask; None where the method does not estimate it.
    agreement:   0..1, mean agreement of the volunteers with each other; 1.0 for fewer than two
                 masks.
    decision:    ask or retire.
    reliability: volunteer -> 0..1, agreement with the others; empty for fewer than two masks.
    views:       volunteers whose masks were used.
    """

    mask: Labels
    probability: Floats
    agreement: float
    decision: Decision
    reliability: Mapping[str, float]
    views: int
    objects: tuple[CrowdObject, ...] = ()
    risk: float | None = None


class Running(Protocol):
    """A task's consensus while masks arrive."""

    def add(self, correction: CrowdMask) -> None:
        """Take one more mask; a volunteer's later mask replaces the earlier.

        Raises ValueError where it has another shape than the proposal, naming the volunteer.
        """
        ...

    def result(self) -> CrowdResult:
        """The consensus of all masks so far: the same as `Aggregator.aggregate` of them."""
        ...


class Aggregator(Protocol):
    """Masks of one task to a consensus; a pure function of its arguments, so replay agrees
    exactly."""

    name: str

    def start(self, proposal: Labels, snapshot: SkillSnapshot) -> Running:
        """A task that showed `proposal`, before anybody corrected it."""
        ...

    def judge(
        self,
        corrections: Sequence[CrowdMask],
        proposal: Labels,
        snapshot: SkillSnapshot,
        truth: Labels | None = None,
    ) -> Mapping[str, Tally]:
        """What a finished task says about each volunteer, and under `SHOWN` about its proposal.

        truth: (H, W) gold, where the task has one. Empty where the method knows no skills.
        """
        ...

    def aggregate(
        self, corrections: Sequence[CrowdMask], proposal: Labels, snapshot: SkillSnapshot
    ) -> CrowdResult:
        """The consensus of `corrections` (in order of arrival) on a task that showed `proposal`.

        Of several masks by one volunteer the last counts. Without corrections the proposal comes
        back, with probability 0 and the decision to ask. Raises ValueError where a mask has
        another shape than the proposal, naming the volunteer.
        """
        ...


SHOWN = ""
"""The proposal's name among the volunteers that `judge` tallies."""


class Collected:
    """`Running` for methods that look at all masks anew."""

    def __init__(self, method: "Aggregator", proposal: Labels, snapshot: SkillSnapshot) -> None:
        self._method, self._proposal, self._snapshot = method, proposal, snapshot
        self._corrections: list[CrowdMask] = []

    def add(self, correction: CrowdMask) -> None:
        """See Running."""
        checked(correction, self._proposal)
        self._corrections.append(correction)

    def result(self) -> CrowdResult:
        """See Running."""
        return self._method.aggregate(self._corrections, self._proposal, self._snapshot)


class Forgetful:
    """What methods share that look at all masks of a task anew, and remember nobody."""

    def start(self: "Aggregator", proposal: Labels, snapshot: SkillSnapshot) -> Running:
        """See Aggregator."""
        return Collected(self, proposal, snapshot)

    def judge(
        self,
        corrections: Sequence[CrowdMask],
        proposal: Labels,
        snapshot: SkillSnapshot,
        truth: Labels | None = None,
    ) -> Mapping[str, Tally]:
        """See Aggregator. Empty."""
        return {}


def checked(item: CrowdMask, proposal: Labels) -> CrowdMask:
    """The same mask. Raises ValueError where it does not have the proposal's shape."""
    if item.mask.shape != proposal.shape:
        raise ValueError(
            f"The mask of volunteer {item.volunteer} has shape {item.mask.shape}, but the "
            f"task's region has shape {proposal.shape}; it cannot be counted."
        )
    return item


def latest(corrections: Sequence[CrowdMask], proposal: Labels) -> list[CrowdMask]:
    """The last mask of each volunteer, in order of their first; shapes checked (ValueError)."""
    last: dict[str, CrowdMask] = {}
    for item in corrections:
        last[item.volunteer] = checked(item, proposal)
    return list(last.values())
