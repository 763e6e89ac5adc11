"""Objects of a cube: connected components in 3D, found slice by slice, with a table of their
properties."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from skimage.measure import label

from models.labels import Labels, unsure_of


@dataclass(frozen=True, slots=True, eq=False)
class Objects:
    """One row an object, ids 1..N in order of first appearance along z, y, x.

    identity (N,) uint32; value (N,) uint32 label value; volume (N,) int64 voxels; centroid (N, 3)
    float64 voxel coordinates ZYX; low, high (N, 3) int64: first voxel and one past the last.
    """

    identity: NDArray[np.uint32]
    value: NDArray[np.uint32]
    volume: NDArray[np.int64]
    centroid: NDArray[np.float64]
    low: NDArray[np.int64]
    high: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.identity)


class ObjectFinder:
    """Connected components of equal value along a stack: add slices in order of z, then ask.

    Pixels are connected to their 4 neighbours in the plane and to the pixel above and below (6 in
    all). Memory grows with the number of 2D pieces, not with the cube.
    """

    def __init__(self) -> None:
        self._z = 0
        self._pieces = 0
        self._before: NDArray[np.int64] | None = None
        self._last: Labels | None = None
        self._links: list[NDArray[np.int64]] = []
        self._rows: list[NDArray[np.float64]] = []

    def add(self, labels: Labels) -> None:
        """The next slice, (H, W) unsigned integers; 0 and UNSURE are no object."""
        pieces, values = pieces_of(labels, self._pieces)
        if self._before is not None and self._last is not None:
            touching = (pieces > 0) & (self._before > 0) & (labels == self._last)
            if touching.any():
                pairs = np.stack([self._before[touching], pieces[touching]])
                self._links.append(np.unique(pairs, axis=1))
        self._before, self._last = pieces, labels
        self._rows.append(_rows(pieces, values, self._z, self._pieces))
        self._pieces += len(values)
        self._z += 1

    def objects(self) -> Objects:
        """The table of everything added so far."""
        owner = self.owners()
        rows = np.concatenate([*self._rows, np.empty((0, 9))])
        count = int(owner.max(initial=0))
        volume = np.bincount(owner[1:], rows[:, 1], count + 1)[1:]
        sums = [np.bincount(owner[1:], rows[:, c], count + 1)[1:] for c in (2, 3, 4)]
        centroid = np.stack(sums, axis=1) / np.maximum(volume, 1)[:, None]
        low = np.full((count, 3), np.iinfo(np.int64).max)
        high = np.zeros((count, 3), dtype=np.int64)
        value = np.zeros(count, dtype=np.uint32)
        index = owner[1:] - 1
        value[index] = rows[:, 0].astype(np.uint32)
        z = (rows[:, 2] / np.maximum(rows[:, 1], 1)).round().astype(np.int64)
        first = np.stack([z, rows[:, 5].astype(np.int64), rows[:, 6].astype(np.int64)], axis=1)
        last = np.stack([z, rows[:, 7].astype(np.int64), rows[:, 8].astype(np.int64)], axis=1)
        np.minimum.at(low, index, first)
        np.maximum.at(high, index, last + 1)
        identity = np.arange(1, count + 1, dtype=np.uint32)
        return Objects(identity, value, volume.astype(np.int64), centroid, low, high)

    def owners(self) -> NDArray[np.int64]:
        """(pieces + 1,) object id of each 2D piece in order of appearance; entry 0 is
        background."""
        n = self._pieces + 1
        links = np.concatenate([*self._links, np.empty((2, 0), dtype=np.int64)], axis=1)
        graph = coo_array((np.ones(links.shape[1], dtype=bool), (links[0], links[1])), shape=(n, n))
        _, found = connected_components(graph, directed=False)
        # Numbered by first piece, so that ids do not depend on how the graph was walked.
        _, first, inverse = np.unique(found, return_index=True, return_inverse=True)
        rank = np.empty(len(first), dtype=np.int64)
        rank[np.argsort(first)] = np.arange(len(first))
        owner: NDArray[np.int64] = rank[inverse]
        return owner


def pieces_of(labels: Labels, offset: int) -> tuple[NDArray[np.int64], NDArray[np.uint32]]:
    """2D pieces of one slice: (H, W) numbers from offset + 1, 0 background, and each one's
    value."""
    kept = np.where(labels == unsure_of(labels.dtype), 0, labels)
    pieces = label(kept, background=0, connectivity=1).astype(np.int64)  # type: ignore[no-untyped-call]
    values = np.zeros(int(pieces.max(initial=0)) + 1, dtype=np.uint32)
    values[pieces] = kept
    pieces[pieces > 0] += offset
    return pieces, values[1:]


def _rows(
    pieces: NDArray[np.int64], values: NDArray[np.uint32], z: int, offset: int
) -> NDArray[np.float64]:
    """(pieces, 9): value, pixels, sums of z, y, x, least y, x, largest y, x."""
    y, x = np.nonzero(pieces)
    which = pieces[y, x] - 1 - offset
    count = len(values)
    table = np.zeros((count, 9))
    table[:, 0] = values
    table[:, 1] = np.bincount(which, minlength=count)
    table[:, 2] = table[:, 1] * z
    table[:, 3] = np.bincount(which, y, count)
    table[:, 4] = np.bincount(which, x, count)
    table[:, 5:7] = np.inf
    np.minimum.at(table[:, 5], which, y)
    np.minimum.at(table[:, 6], which, x)
    np.maximum.at(table[:, 7], which, y)
    np.maximum.at(table[:, 8], which, x)
    return table


def object_slices(slices: Iterable[Labels], owners: NDArray[np.int64]) -> Iterator[Labels]:
    """(H, W) uint32 object ids of each slice: a second pass over the stack that `owners` came
    from."""
    offset = 0
    for plane in slices:
        pieces, values = pieces_of(plane, offset)
        offset += len(values)
        yield owners[pieces].astype(np.uint32)
