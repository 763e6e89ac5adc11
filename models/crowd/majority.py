"""Majority of the volunteers, pixel by pixel: the plain aggregator that every other is held
against."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from models.config import CrowdConfig
from models.crowd.aggregator import (
    CrowdMask,
    CrowdResult,
    Decision,
    Forgetful,
    latest,
)
from models.crowd.instances import align
from models.crowd.skills import SkillSnapshot
from models.crowd.votes import agreement, plurality
from models.labels import Labels


class Majority(Forgetful):
    """Every volunteer has one vote; skills are not looked at. For ties see `plurality`."""

    name = "majority"

    def __init__(self, config: CrowdConfig | None = None) -> None:
        self.config = config or CrowdConfig()

    def aggregate(
        self, corrections: Sequence[CrowdMask], proposal: Labels, snapshot: SkillSnapshot
    ) -> CrowdResult:
        """See Aggregator. O(n^2) in the masks of one task, on the pixels that differ."""
        items = latest(corrections, proposal)
        if not items:
            nothing = np.zeros(proposal.shape, dtype=np.float32)
            ask = Decision("ask", "Nobody has corrected this task yet.")
            return CrowdResult(proposal.copy(), nothing, 1.0, ask, {}, 0)
        masks = [item.mask for item in items]
        if self.config.instances:
            masks = align(masks, proposal)
        mask, probability = plurality(masks, proposal)
        pairs: dict[int, list[float]] = {i: [] for i in range(len(items))}
        for i, j in combinations(range(len(items)), 2):
            score = agreement(masks[i], masks[j])
            pairs[i].append(score)
            pairs[j].append(score)
        reliability = {
            item.volunteer: float(np.mean(pairs[i])) for i, item in enumerate(items) if pairs[i]
        }
        together = float(np.mean([s for scores in pairs.values() for s in scores] or [1.0]))
        decision = decide(len(items), together, self.config)
        return CrowdResult(mask, probability, together, decision, reliability, len(items))


def decide(views: int, together: float, config: CrowdConfig) -> Decision:
    """Retire when enough people have seen the task, or when the first ones agree closely."""
    people = "1 person" if views == 1 else f"{views} people"
    if views >= config.redundancy:
        return Decision("retire", f"{people} corrected it, as many as the study asks for.")
    if views >= max(2, config.early) and together >= config.agreement:
        return Decision(
            "retire",
            f"{people} corrected it and agree: mean Dice {together:.3f}, "
            f"bound {config.agreement:.3f}.",
        )
    if views <= 1:
        return Decision("ask", f"{people} corrected it, the study asks for {config.redundancy}.")
    return Decision(
        "ask",
        f"{people} corrected it, the study asks for {config.redundancy}; they agree with mean "
        f"Dice {together:.3f}.",
    )
