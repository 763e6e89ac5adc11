"""Patch scores that need no discriminator: of one slice, and of it beside its neighbours."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.propagation.disagreement import against_neighbours
from models.propagation.interpolate import SignedDistances

COUNTS = ("labelled", "doubt")
"""Scores that count voxels, as shares of a patch's area:

labelled: voxels that the proposal labels.
doubt: voxels that it expects to be wrong, the mean probability of all but the chosen class.
"""
ALONG_Z = ("z_disagreement", "interpolation_disagreement", "known_distance")
"""Scores against what else is said of a patch, means over its area (propagation.disagreement):

z_disagreement: how far the proposal is from the mean of its two neighbours.
interpolation_disagreement: how far the model alone is from interpolating known slices alone.
known_distance: slices to the nearest known mask.
"""
CLASSES_APART = 8
"""Classes up to which the entropy is also kept apart for each, as "entropy_of_<class>"."""


@dataclass(frozen=True, slots=True, eq=False)
class Plane:
    """A proposed slice before its labels.

    probability: (K, H, W) float32; apart: (H, W) float32 against interpolation; distance: (H, W)
    float32 slices to the nearest known mask.
    """

    probability: NDArray[np.float32]
    apart: NDArray[np.float32]
    distance: NDArray[np.float32]


class Stack:
    """The last three planes of a cube that is gone through in order of z, each made once."""

    def __init__(self, make: Callable[[int, SignedDistances], Plane]) -> None:
        self._make = make
        self._planes: OrderedDict[int, Plane] = OrderedDict()

    def at(self, z: int, known: SignedDistances) -> Plane:
        if z not in self._planes:
            self._planes[z] = self._make(z, known)
            while len(self._planes) > 3:
                self._planes.popitem(last=False)
        return self._planes[z]

    def scores(self, z: int, known: SignedDistances, patch: int) -> dict[str, NDArray[np.float32]]:
        """ALONG_Z of slice z, each (PY, PX) float32."""
        beside = [at for at in (z - 1, z + 1) if 0 <= at < known.shape[0]]
        # In order of z, so that the planes dropped are those no longer needed.
        planes = {at: self.at(at, known) for at in sorted([z, *beside])}
        moved = against_neighbours(planes[z].probability, [planes[at].probability for at in beside])
        return {
            "z_disagreement": patch_means(moved, patch),
            "interpolation_disagreement": patch_means(planes[z].apart, patch),
            "known_distance": patch_means(planes[z].distance, patch),
        }


def counts(
    labels: NDArray[Any], probability: NDArray[np.float32], patch: int
) -> dict[str, NDArray[np.float32]]:
    """COUNTS of one slice, each (PY, PX) float32."""
    rest = 1.0 - probability.sum(axis=0)
    doubt = 1.0 - np.maximum(probability.max(axis=0), rest)
    return {
        "labelled": patch_means((labels != 0).astype(np.float32), patch),
        "doubt": patch_means(np.clip(doubt, 0, 1), patch),
    }


def entropy_names(classes: int) -> tuple[str, ...]:
    """Names of `entropies` for K classes; none where one class is all there is, or many."""
    if not 2 <= classes <= CLASSES_APART:
        return ()
    return tuple(f"entropy_of_{k}" for k in range(1, classes + 1))


def entropies(probability: NDArray[np.float32], patch: int) -> dict[str, NDArray[np.float32]]:
    """Mean over each patch of the entropy where a class is the likeliest, (PY, PX) float32 each."""
    names = entropy_names(len(probability))
    if not names:
        return {}
    every = np.concatenate([1 - probability.sum(axis=0, keepdims=True), probability])
    every = np.clip(every, 1e-7, 1)
    entropy = -(every * np.log(every)).sum(axis=0) / np.log(len(every))
    chosen = every.argmax(axis=0)
    return {
        name: patch_means(np.where(chosen == k, entropy, 0).astype(np.float32), patch)
        for k, name in enumerate(names, start=1)
    }


def patch_means(plane: NDArray[np.float32], patch: int) -> NDArray[np.float32]:
    """Means of patch x patch blocks of (H, W); cut-off blocks average what there is of them."""
    rows, columns = range(0, plane.shape[0], patch), range(0, plane.shape[1], patch)
    sums = np.add.reduceat(np.add.reduceat(plane, rows, axis=0), columns, axis=1)
    heights = np.diff([*rows, plane.shape[0]])
    widths = np.diff([*columns, plane.shape[1]])
    means: NDArray[np.float32] = (sums / np.outer(heights, widths)).astype(np.float32)
    return means
