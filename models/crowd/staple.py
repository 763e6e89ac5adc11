"""STAPLE (Warfield, Zou & Wells, IEEE TMI 2004): expectation maximisation over pixels, each task
for itself."""

from collections.abc import Sequence

import numpy as np
import SimpleITK
from numpy.typing import NDArray

from models.config import CrowdConfig
from models.crowd.aggregator import (
    CrowdMask,
    CrowdResult,
    Forgetful,
    latest,
)
from models.crowd.majority import Majority
from models.crowd.skills import SkillSnapshot
from models.labels import Labels, unsure_of


class Staple(Forgetful):
    """Each volunteer has a sensitivity and a specificity, learned from this task alone.

    Several classes are estimated one after the other and the likeliest is taken. With fewer than
    three masks it is the majority: two people cannot outvote each other. Object ids are taken from
    the majority, and its foreground from STAPLE.
    """

    name = "staple"

    def __init__(self, config: CrowdConfig | None = None) -> None:
        self.config = config or CrowdConfig()
        self._majority = Majority(self.config)

    def aggregate(
        self, corrections: Sequence[CrowdMask], proposal: Labels, snapshot: SkillSnapshot
    ) -> CrowdResult:
        """See Aggregator."""
        plain = self._majority.aggregate(corrections, proposal, snapshot)
        unsure = unsure_of(proposal.dtype)
        masks = [m.mask.astype(proposal.dtype, copy=False) for m in latest(corrections, proposal)]
        # The majority decides of what somebody was unsure: STAPLE knows no abstention.
        settled = ~np.any([m == unsure for m in masks], axis=0) if masks else None
        differs = np.any([m != masks[0] for m in masks], axis=0) if masks else None
        if settled is None or differs is None or len(masks) < 3 or not (differs & settled).any():
            return plain
        values = (
            [0]
            if self.config.instances
            else sorted({int(v) for m in masks for v in np.unique(m[differs])} - {0, unsure})
        )
        chances = {value: _staple([_part(m, value) for m in masks]) for value in values}
        mask, probability = plain.mask.copy(), plain.probability.copy()
        place = settled & differs
        if self.config.instances:
            inside = chances[0] >= 0.5
            mask[place & ~inside] = 0
            probability[place] = np.where(inside, chances[0], 1 - chances[0])[place]
        elif values:
            stack = np.stack([chances[value] for value in values])
            best = stack.argmax(axis=0)
            most = stack.max(axis=0)
            named = np.array(values, dtype=mask.dtype)[best]
            mask[place] = np.where(most >= 0.5, named, 0)[place]
            probability[place] = np.where(most >= 0.5, most, 1 - most)[place]
        return CrowdResult(
            mask,
            probability.clip(0, 1).astype(np.float32),
            plain.agreement,
            plain.decision,
            plain.reliability,
            plain.views,
        )


def _part(mask: Labels, value: int) -> NDArray[np.uint8]:
    part = mask > 0 if value == 0 else mask == value
    return part.astype(np.uint8)


def _staple(masks: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
    """(H, W) float32 probability of the foreground; where nobody drew it is 0 throughout."""
    if not any(m.any() for m in masks):
        return np.zeros(masks[0].shape, dtype=np.float32)
    images = [SimpleITK.GetImageFromArray(m) for m in masks]
    made = SimpleITK.GetArrayFromImage(SimpleITK.STAPLE(images, 1.0))  # type: ignore[no-untyped-call]
    return np.nan_to_num(made.astype(np.float32))
