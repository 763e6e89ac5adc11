"""The seam for consensus: corrections in order, a proposal and a snapshot of skills in, a
result out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

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
class SkillEstimate:
    """How often a volunteer finds what is there (hit) and draws what is not (false alarm), 0..1.

    weight: tasks' worth of evidence behind the estimate; 0 is a newcomer.
    """

    hit: float
    false_alarm: float
    weight: float


@dataclass(frozen=True, slots=True)
class SkillSnapshot:
    """Skills of volunteers at one moment; a result names the snapshot it used and can be
    replayed."""

    version: int = 0
    skills: Mapping[str, SkillEstimate] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Decision:
    """Ask another volunteer or retire the task, and why, in words that are stored with the task."""

    action: Literal["ask", "retire"]
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class CrowdResult:
    """The agreed mask of a task.

    mask:        (H, W), dtype of the proposal; UNSURE where everybody was unsure.
    probability: (H, W) float32 in 0..1: how likely the agreed value is (majority: share of the
                 votes).
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


class Aggregator(Protocol):
    """Masks of one task to a consensus; a pure function of its arguments, so replay agrees
    exactly."""

    name: str

    def aggregate(
        self, corrections: Sequence[CrowdMask], proposal: Labels, snapshot: SkillSnapshot
    ) -> CrowdResult:
        """The consensus of `corrections` (in order of arrival) on a task that showed `proposal`.

        Of several masks by one volunteer the last counts. Without corrections the proposal comes
        back, with probability 0 and the decision to ask. Raises ValueError where a mask has
        another shape than the proposal, naming the volunteer.
        """
        ...


def latest(corrections: Sequence[CrowdMask], proposal: Labels) -> list[CrowdMask]:
    """The last mask of each volunteer, in order of their first; shapes checked (ValueError)."""
    last: dict[str, CrowdMask] = {}
    for item in corrections:
        if item.mask.shape != proposal.shape:
            raise ValueError(
                f"The mask of volunteer {item.volunteer} has shape {item.mask.shape}, but the "
                f"task's region has shape {proposal.shape}; it cannot be counted."
            )
        last[item.volunteer] = item
    return list(last.values())
