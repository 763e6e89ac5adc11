"""What might be an object: places that somebody drew, or that the proposal shows."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from models.labels import Mask

LEAST = 6
"""Pixels below which a piece is no object of its own: where edges differ there are many such."""
BESIDE = 3
"""Pixels from a core within which so small a piece is a part of its edge."""
NECK = 9
"""Pixels of a neck that joins two objects, and of a wide outline's rim, at most."""
SAMPLE = 400
"""Pixels of a core from which the share that somebody drew is told."""


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Cores of candidate objects in a region.

    labels: (H, W) int32, 0 outside, 1..count in the cores.
    pixels: (m,) int64 flat indices of the cores' pixels, and `owner` (m,) the candidate, from 0, of
            each.
    area:   (count,) pixels of each core.
    sample: indices into `pixels` by which shares are estimated: all of small cores, and about
            SAMPLE of each large one.
    """

    labels: NDArray[np.int32]
    pixels: NDArray[np.int64]
    owner: NDArray[np.int32]
    area: NDArray[np.float64]
    sample: NDArray[np.int64]

    @property
    def count(self) -> int:
        return len(self.area)

    @property
    def worth(self) -> NDArray[np.float64]:
        """(count,) 0..1: how much of an object each is when people are judged by it.

        Slivers between outlines are many. Half of all area lies in cores of at least some size, and
        a twentieth of that size is a whole object.
        """
        if not self.count:
            return np.zeros(0)
        ordered = np.sort(self.area)[::-1]
        half = ordered[int(np.searchsorted(ordered.cumsum(), ordered.sum() / 2))]
        return np.asarray(np.minimum(1.0, self.area / (0.05 * half)))

    def share(self, mask: Mask) -> NDArray[np.float64]:
        """(count,) share of each core that a (H, W) mask covers."""
        owner = self.owner[self.sample]
        inside = mask.ravel()[self.pixels[self.sample]]
        covered = np.bincount(owner[inside], minlength=self.count)
        return covered / np.maximum(np.bincount(owner, minlength=self.count), 1)


def find(
    votes: NDArray[np.uint16],
    people: int,
    shown: Mask,
    truth: Mask | None = None,
    everybody: NDArray[np.uint16] | None = None,
) -> Candidates:
    """The candidates of a task.

    votes: (H, W) how many of `people` drew each pixel. What more than half drew is an object first;
    of what fewer drew, the pieces that touch none found before, down to one person's, and last what
    only the proposal shows. An object's core is thus where most of those who drew it agree, and
    edges drawn a little apart do not make new ones. What hangs together with an object found before
    by a neck alone, as bodies side by side do in wide outlines, is another. Where there is gold
    (`truth`), its objects come before all others. everybody: (H, W) the votes of more people, who
    are asked last.
    """
    labels = np.zeros(votes.shape, dtype=np.int32)
    count = 0
    if truth is not None:
        count = _add(labels, truth, count, 1)
    level = people // 2 + 1
    most = votes >= level
    while level >= 1:
        mask = votes >= level
        count = _add(labels, mask, count, LEAST)
        count = _add_beside(labels, mask, count)
        # With many people not every level is looked at: it halves beyond the first few steps.
        level = level - 1 if level <= 4 else (level * 2) // 3
    if shown.any():
        count = _add(labels, shown, count, LEAST)
    # What most drew is an object however small it is, but for what lies beside another's edge.
    around = cv2.dilate((labels > 0).astype(np.uint8), np.ones((2 * BESIDE + 1,) * 2, np.uint8))
    alone = most & (around == 0)
    if alone.any():
        count = _add(labels, alone, count, 1)
    if everybody is not None:
        count = _add(labels, everybody > 0, count, LEAST)
    pixels = np.flatnonzero(labels)
    owner = labels.ravel()[pixels] - 1
    area = np.bincount(owner, minlength=count).astype(np.float64)
    step = np.maximum(area.astype(np.int64) // SAMPLE, 1)
    # Neighbouring rows begin at different pixels, so that no step falls in line with a border.
    sample = np.flatnonzero(np.arange(len(pixels)) % step[owner] == 0)
    return Candidates(labels, pixels, owner, area, sample)


def _add(labels: NDArray[np.int32], mask: Mask, count: int, least: int) -> int:
    """Write the connected pieces of a mask that touch no label yet into labels; the new count."""
    found, pieces = cv2.connectedComponents(mask.view(np.uint8), connectivity=8)
    if found <= 1:
        return count
    free = np.ones(found, dtype=bool)
    free[0] = False
    if count:
        free[pieces[labels > 0]] = False
        if not free.any():
            return count
    # Only pixels of pieces that are free are looked at one by one: they are few, but at first.
    place = np.flatnonzero(free[pieces])
    piece = pieces.ravel()[place]
    fresh = np.bincount(piece, minlength=found) >= least
    fresh[0] = False
    new = int(fresh.sum())
    if not new:
        return count
    number = np.zeros(found, dtype=np.int32)
    number[fresh] = count + 1 + np.arange(new, dtype=np.int32)
    named = number[piece]
    inside = named > 0
    labels.ravel()[place[inside]] = named[inside]
    return count + new


def _add_beside(labels: NDArray[np.int32], mask: Mask, count: int) -> int:
    """Write what a mask has beside the labels it touches, where no rim makes it hang together with
    them, into labels; the new count."""
    more = mask & (labels == 0)
    if np.count_nonzero(more) < NECK**2:
        return count
    kernel = np.ones((NECK, NECK), np.uint8)
    # A square of this side fits into no neck and no rim; a body beside holds many.
    bodies = cv2.erode(more.view(np.uint8), kernel, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    if not bodies.any():
        return count
    # Cores stay a pixel apart, so that each is a piece of its own.
    taken = cv2.dilate((labels > 0).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    return _add(labels, (cv2.dilate(bodies, kernel) > 0) & ~taken, count, NECK**2)
