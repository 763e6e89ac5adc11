"""A catalogue of a cube's objects: place, size, and how likely each is not there."""

import numpy as np
from numpy.typing import NDArray

from models.labels import Labels
from models.quality.objects import ObjectFinder, Objects, pieces_of


class Catalogue:
    """Objects of a stack with the certainty of their voxels: add slices in order of z, then ask.

    Objects are those of ObjectFinder: connected voxels of one value. Memory grows with the number
    of their 2D pieces, not with the cube.
    """

    def __init__(self) -> None:
        self._finder = ObjectFinder()
        self._pieces = 0
        self._sums: list[NDArray[np.float64]] = []

    def add(self, labels: Labels, probability: NDArray[np.float32]) -> None:
        """The next slice: (H, W) label values, and (H, W) in 0..1 how likely each voxel is what it
        is labelled as."""
        pieces, values = pieces_of(labels, self._pieces)
        inside = pieces > 0
        which = pieces[inside] - 1 - self._pieces
        sums = np.bincount(which, probability[inside], minlength=len(values))
        self._sums.append(sums.astype(np.float64))
        self._pieces += len(values)
        self._finder.add(labels)

    def objects(self) -> tuple[Objects, NDArray[np.float64]]:
        """The table, and (N,) in 0..1 how likely each object is not there.

        That is 1 - the mean probability of its voxels: an object is doubtful as a whole where the
        model, or people's votes, doubt it throughout. An uncertain rim around a certain core tells
        little, and weighs the less the larger the object is.
        """
        table = self._finder.objects()
        owner = self._finder.owners()
        sums = np.concatenate([*self._sums, np.empty(0)])
        certain = np.bincount(owner[1:], sums, len(table) + 1)[1:]
        doubt: NDArray[np.float64] = np.clip(1 - certain / np.maximum(table.volume, 1), 0.0, 1.0)
        return table, doubt
