"""How much volunteers disagree, voxel by voxel."""

import numpy as np
from numpy.typing import NDArray

from lamella.annotation.masks import mask_of
from lamella.annotation.models import Correction
from lamella.consensus.compute import unpack_probability
from lamella.consensus.models import Consensus
from lamella.volumes import codec

LEVELS = 20
"""Steps of the disagreement map; enough for every vote of twenty people, and few runs to code."""


def disagreement(consensus: Consensus) -> NDArray[np.uint8]:
    """(H, W) uint8: 0 where all votes agree, LEVELS where half of them do not.

    A manager's mask has no votes; there the volunteers' masks are compared with it.
    """
    task = consensus.task
    shape = (task.height, task.width)
    if consensus.probability:
        agreed = unpack_probability(bytes(consensus.probability), shape)
    else:
        agreed = _votes_for(consensus, shape)
    share = np.clip((1.0 - agreed) * 2.0, 0.0, 1.0)
    levels: NDArray[np.uint8] = np.round(share * LEVELS).astype(np.uint8)
    return levels


def _votes_for(consensus: Consensus, shape: tuple[int, int]) -> NDArray[np.float32]:
    """(H, W) share of the volunteers' masks that hold the consensus' value."""
    made = Correction.objects.filter(pk__in=consensus.corrections).select_related("task__study")
    masks = [codec.widen(mask_of(correction)) for correction in made]
    if not masks:
        return np.ones(shape, np.float32)
    held = codec.unpack(bytes(consensus.mask), shape=shape)
    same: NDArray[np.float32] = np.mean([m == held for m in masks], axis=0).astype(np.float32)
    return same
