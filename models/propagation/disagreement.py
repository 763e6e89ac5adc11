"""Where a proposal contradicts what else is known of it: its neighbours, and interpolation.

Each takes one slice and gives a plane, so that a cube is scored in the memory of a few slices.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.labels import Floats
from models.propagation.interpolate import Evidence, argmax_class


def against_neighbours(here: Floats, neighbours: Sequence[Floats]) -> Floats:
    """(H, W) float32 in 0..1: total variation between a slice's classes and its neighbours' mean.

    here, and each of `neighbours`: (K, H, W) probabilities of classes 1..K. An outline that moves
    steadily along z scores little, one that flickers or jumps much. 0 without neighbours.
    """
    if not neighbours:
        return np.zeros(here.shape[1:], dtype=np.float32)
    change = here - sum(neighbours[1:], start=neighbours[0]) / np.float32(len(neighbours))
    # The background changes by what all classes do together.
    moved = (np.abs(change).sum(axis=0) + np.abs(change.sum(axis=0))) / 2
    clipped: Floats = np.clip(moved, 0, 1).astype(np.float32)
    return clipped


def against_interpolation(model: NDArray[np.floating[Any]], evidence: Evidence) -> Floats:
    """(H, W) float32 in 0..1: the probability that the model alone gives to all classes but the one
    that interpolation between known slices says; 0 where nothing known is in reach.

    model: (K, H, W) probabilities before blending.
    """
    label = argmax_class(evidence.distance).astype(np.intp)
    rest = 1 - model.sum(axis=0, dtype=np.float32)
    every = np.concatenate([rest[None], model])
    agreed = np.take_along_axis(every, label[None], axis=0)[0]
    apart: Floats = np.where(np.isfinite(evidence.slices), np.clip(1 - agreed, 0, 1), 0)
    return apart.astype(np.float32)


def known_distance(evidence: Evidence, farthest: int) -> Floats:
    """(H, W) float32: slices to the nearest known mask, at most `farthest`."""
    capped: Floats = np.minimum(evidence.slices, np.float32(farthest))
    return capped
