"""Object numbers that hold through z: what touches stays apart, and a split is made once.

Networks tell object from background and not one object from the next. People do, on the slices
that they see. Between those slices each follows the nearer one: numbers are carried from slice to
slice, upwards from the known slice below and downwards from the one above, and the two runs are
joined where they meet, each object to the one of most overlap. So a cut or a merge drawn on one
slice holds on its neighbours too.
"""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray
from scipy.ndimage import label
from skimage.segmentation import watershed

from models.labels import Labels, Mask, unsure_of

Numbers = NDArray[np.int64]
"""(H, W) object numbers, 0 background."""

SHARE = 0.25
"""Of the smaller of an object and a body: the overlap from which the object is carried on in it."""
_TOUCHING = np.ones((3, 3), dtype=bool)


class TooManyObjectsError(ValueError):
    """There are more objects than the label dtype has numbers."""


class ObjectNumbers:
    """The object labels of a cube, slice by slice in order of z.

    foreground: of slice z, (H, W) bool, what is an object.
    known:      slices on which people numbered objects, ascending; `known_at` gives the labels of
                one, (H, W) unsigned: 0 background, UNSURE where nobody vouches. Their numbers need
                not agree from slice to slice.
    dtype:      of the result.
    reach:      how many slices downwards a known slice is followed; as many planes are kept.
    before:     the finished slice below the first one asked for, and
    highest:    the greatest number given so far: to go on where an earlier run was broken off.
    """

    def __init__(
        self,
        foreground: Callable[[int], Mask],
        known: Sequence[int],
        known_at: Callable[[int], Labels],
        *,
        dtype: DTypeLike,
        reach: int = 16,
        before: Labels | None = None,
        highest: int = 0,
    ) -> None:
        self._foreground = foreground
        self._known = sorted(known)
        self._known_at = known_at
        self._dtype = np.dtype(dtype)
        self._reach = reach
        self._before = None if before is None else before.astype(np.int64)
        self.highest = highest
        self._ahead: dict[int, Numbers] = {}
        self._joined: dict[int, int] | None = None

    def slice(self, z: int) -> Labels:
        """(H, W) labels of the next slice. Raises TooManyObjectsError."""
        target = self._followed(z)
        if target is None:
            numbers, self.highest = carry(self._foreground(z), self._before, self.highest)
        else:
            if z not in self._ahead:
                self._look_ahead(z, target)
            numbers = self._meet(self._ahead.pop(z))
            if z == target:
                self._ahead, self._joined = {}, None
        kind, most = self._dtype, unsure_of(self._dtype) - 1
        if self.highest > most:
            raise TooManyObjectsError(f"Labels of {kind} cannot number more than {most} objects.")
        self._before = numbers
        return numbers.astype(self._dtype)

    def _followed(self, z: int) -> int | None:
        """The known slice above that slice z follows, itself included, if any."""
        index = bisect_left(self._known, z)
        if index == len(self._known):
            return None
        above = self._known[index]
        below = self._known[index - 1] if index else None
        nearer = below is None or above - z <= z - below
        return above if nearer and above - z <= self._reach else None

    def _look_ahead(self, z: int, target: int) -> None:
        """Carries the numbers of a known slice down to slice z."""
        numbers, highest = complete(self._known_at(target), self._foreground(target))
        self._ahead = {target: numbers}
        for at in range(target - 1, z - 1, -1):
            numbers, highest = carry(self._foreground(at), numbers, highest)
            self._ahead[at] = numbers
        self._joined = None

    def _meet(self, numbers: Numbers) -> Numbers:
        """The numbers of the run from above, as objects below are numbered."""
        if self._joined is None:
            self._joined = {} if self._before is None else matched(numbers, self._before)
            for plane in [numbers, *self._ahead.values()]:
                for value in _numbers(plane):
                    if value not in self._joined:
                        self.highest += 1
                        self._joined[value] = self.highest
        return renumbered(numbers, self._joined)


def carry(foreground: Mask, beside: Numbers | None, highest: int) -> tuple[Numbers, int]:
    """Numbers of the objects of a slice, from those of the slice beside it.

    foreground: (H, W); beside: (H, W). A connected body of the foreground goes on with the objects
    that it overlaps, and is cut between them where nearest to each; one that overlaps none gets
    the number after `highest`. Returns the numbers and the greatest given so far.
    """
    bodies, count = label(foreground, structure=_TOUCHING)
    seeds = np.zeros(foreground.shape, dtype=np.int64)
    if beside is not None:
        over = (beside > 0) & (bodies > 0)
        values, area = np.unique(beside[beside > 0], return_counts=True)
        size = np.bincount(bodies.ravel(), minlength=count + 1)
        body, value, overlap = _overlaps(bodies[over], beside[over])
        smaller = np.minimum(size[body], area[np.searchsorted(values, value)])
        goes_on = overlap >= SHARE * smaller
        kept = _pairs(bodies, beside, body[goes_on], value[goes_on])
        seeds[kept] = beside[kept]
    seeded = np.zeros(count + 1, dtype=bool)
    seeded[bodies[seeds > 0]] = True
    new = np.flatnonzero(~seeded[1:]) + 1
    fresh = np.zeros(count + 1, dtype=np.int64)
    fresh[new] = highest + 1 + np.arange(len(new))
    bare = ~seeded[bodies] & foreground
    seeds[bare] = fresh[bodies[bare]]
    return flooded(seeds, foreground), highest + len(new)


def complete(known: Labels, foreground: Mask) -> tuple[Numbers, int]:
    """Numbers of a known slice, also where nobody vouches: there the foreground has the word.

    known: (H, W) object ids, UNSURE where nobody vouches. Returns the numbers and the greatest.
    """
    sure = known != unsure_of(known.dtype)
    drawn = np.where(sure, known, 0).astype(np.int64)
    highest = int(drawn.max(initial=0))
    if sure.all():
        return drawn, highest
    rest = np.where(sure, drawn > 0, foreground)
    numbers, highest = carry(rest, drawn, highest)
    return np.where(sure, drawn, numbers), highest


def matched(numbers: Numbers, to: Numbers) -> dict[int, int]:
    """Which object of `to` each object of `numbers` is: one to one, the greatest overlap first.

    Both (H, W). An object with too little overlap (a tenth of the union, or half of the smaller) is
    left out.
    """
    over = (numbers > 0) & (to > 0)
    ours, theirs, overlap = _overlaps(numbers[over], to[over])
    area = dict(zip(*(a.tolist() for a in np.unique(numbers, return_counts=True)), strict=True))
    other = dict(zip(*(a.tolist() for a in np.unique(to, return_counts=True)), strict=True))
    found: dict[int, int] = {}
    taken: set[int] = set()
    union = np.array(
        [area[a] + other[b] - n for a, b, n in zip(ours, theirs, overlap, strict=True)]
    )
    shared = overlap / np.maximum(union, 1)
    for index in np.argsort(-shared, kind="stable").tolist():
        a, b, n = int(ours[index]), int(theirs[index]), int(overlap[index])
        enough = shared[index] >= 0.1 or n >= 0.5 * min(area[a], other[b])
        if enough and a not in found and b not in taken:
            found[a] = b
            taken.add(b)
    return found


def renumbered(numbers: NDArray[Any], table: dict[int, int]) -> Numbers:
    """(H, W) with every number that stands in the table replaced, and the others kept."""
    values, inverse = np.unique(numbers, return_inverse=True)
    new = np.array([table.get(v, v) for v in values.tolist()], dtype=np.int64)
    result: Numbers = new[inverse].reshape(numbers.shape)
    return result


def flooded(seeds: Numbers, foreground: Mask) -> Numbers:
    """(H, W): every foreground pixel with the number of the seed nearest to it within its body."""
    open_ = foreground & (seeds == 0)
    if not open_.any():
        return np.where(foreground, seeds, 0)
    values, inverse = np.unique(seeds, return_inverse=True)
    # The flood counts in 32 bits.
    markers = inverse.reshape(seeds.shape).astype(np.int32)
    if values[0] != 0:
        markers += 1
        values = np.concatenate([[0], values])
    flat = np.zeros(seeds.shape, dtype=np.uint8)
    grown = watershed(flat, markers, mask=foreground, connectivity=2)  # type: ignore[no-untyped-call]
    result: Numbers = values[grown]
    return result


def _numbers(plane: Numbers) -> list[int]:
    return [int(v) for v in np.unique(plane) if v > 0]


def _overlaps(a: NDArray[Any], b: NDArray[Any]) -> tuple[Numbers, Numbers, Numbers]:
    """Pairs of values that lie over each other, and by how many pixels."""
    if not len(a):
        nothing = np.empty(0, dtype=np.int64)
        return nothing, nothing, nothing
    pairs, count = np.unique(np.stack([a, b]).astype(np.int64), axis=1, return_counts=True)
    return pairs[0], pairs[1], count


def _pairs(
    bodies: NDArray[Any], beside: Numbers, body: Numbers, value: Numbers
) -> NDArray[np.bool_]:
    """(H, W) bool: where one of the pairs of a body and a number lies."""
    width = int(beside.max(initial=0)) + 1
    key = bodies.astype(np.int64) * width + beside
    kept: NDArray[np.bool_] = np.isin(key, body * width + value) & (beside > 0) & (bodies > 0)
    return kept
