"""What might be an object: places that somebody drew, or that the proposal shows."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from models.labels import Mask

LEAST = 6
"""Pixels below which a piece that only a minority drew is no object of its own."""


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Cores of candidate objects in a region.

    labels: (H, W) int32, 0 outside, 1..count in the cores.
    pixels: (m,) int64 flat indices of the cores' pixels, and `owner` (m,) the candidate, from 0, of
            each.
    area:   (count,) pixels of each core.
    """

    labels: NDArray[np.int32]
    pixels: NDArray[np.int64]
    owner: NDArray[np.int32]
    area: NDArray[np.float64]

    @property
    def count(self) -> int:
        return len(self.area)

    def share(self, mask: Mask) -> NDArray[np.float64]:
        """(count,) share of each core that a (H, W) mask covers."""
        inside = mask.ravel()[self.pixels]
        covered = np.bincount(self.owner[inside], minlength=self.count)
        return covered / np.maximum(self.area, 1)


def find(
    votes: NDArray[np.uint16], people: int, shown: Mask, truth: Mask | None = None
) -> Candidates:
    """The candidates of a task.

    votes: (H, W) how many of `people` drew each pixel. What more than half drew is an object first;
    of what fewer drew, the pieces that touch none found before, down to one person's, and last what
    only the proposal shows. An object's core is thus where most of those who drew it agree, and
    edges drawn a little apart do not make new ones. Where there is gold (`truth`), its objects come
    before all others.
    """
    labels = np.zeros(votes.shape, dtype=np.int32)
    count = 0
    if truth is not None:
        count = _add(labels, truth, count, 1)
    level = people // 2 + 1
    first = True
    while level >= 1:
        count = _add(labels, votes >= level, count, 1 if first else LEAST)
        # With many people not every level is looked at: it halves beyond the first few steps.
        level = level - 1 if level <= 4 else (level * 2) // 3
        first = False
    count = _add(labels, shown, count, 1)
    pixels = np.flatnonzero(labels)
    owner = labels.ravel()[pixels] - 1
    area = np.bincount(owner, minlength=count).astype(np.float64)
    return Candidates(labels, pixels, owner, area)


def _add(labels: NDArray[np.int32], mask: Mask, count: int, least: int) -> int:
    """Write the connected pieces of a mask that touch no label yet into labels; the new count."""
    found, pieces, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    if found <= 1:
        return count
    fresh = stats[:, cv2.CC_STAT_AREA] >= least
    fresh[0] = False
    fresh[np.unique(pieces[labels > 0])] = False
    new = int(fresh.sum())
    if not new:
        return count
    number = np.zeros(found, dtype=np.int32)
    number[fresh] = count + 1 + np.arange(new, dtype=np.int32)
    place = np.flatnonzero(mask)
    named = number[pieces.ravel()[place]]
    inside = named > 0
    labels.ravel()[place[inside]] = named[inside]
    return count + new
