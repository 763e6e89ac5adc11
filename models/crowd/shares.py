"""How votes are shared among the classes: what a model learns where people differ."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.labels import Labels, unsure_of


@dataclass(frozen=True, slots=True, eq=False)
class VoteShares:
    """Each class's share of the votes on a slice, kept only where the votes differ.

    Elsewhere the agreed labels say it all, so that a slice takes a few bytes for each disputed
    pixel and not K numbers for every one.

    shape:  (H, W) of the slice.
    pixels: (n,) int64, ascending: row * W + column of the disputed pixels.
    shares: (n, K) float16 in 0..1: share of the votes for each foreground class; the rest of them
            was for background.
    """

    shape: tuple[int, int]
    pixels: NDArray[np.int64]
    shares: NDArray[np.float16]

    def take(self, rows: NDArray[np.int64], columns: NDArray[np.int64]) -> "VoteShares":
        """The shares at some rows and columns, (h,) and (w,), in that order and with repeats."""
        wanted = (rows[:, None] * self.shape[1] + columns).ravel()
        place = np.searchsorted(self.pixels, wanted)
        found = np.flatnonzero(place < len(self.pixels))
        found = found[self.pixels[place[found]] == wanted[found]]
        return VoteShares((len(rows), len(columns)), found, self.shares[place[found]])


def share_votes(masks: Sequence[Labels], classes: int) -> VoteShares:
    """Shares of the votes on a region, of one mask a volunteer.

    masks: at least one (H, W) array of classes 0..`classes`, UNSURE (which is no vote) being the
    maximum of its dtype. Pixels on which all who voted agree are not disputed.
    """
    first = np.asarray(masks[0])
    unsure = unsure_of(first.dtype)
    low, high = first.copy(), np.where(first == unsure, 0, first)
    for mask in masks[1:]:
        # UNSURE is the largest value: the minimum passes over it, the maximum must be told to.
        np.minimum(low, mask, out=low)
        np.maximum(high, np.where(mask == unsure, 0, mask), out=high)
    pixels = np.flatnonzero((low < high) & (low != unsure))
    votes = np.stack([mask.ravel()[pixels] for mask in masks])
    given = np.maximum((votes != unsure).sum(axis=0), 1)
    shares = np.stack([(votes == k).sum(axis=0) / given for k in range(1, classes + 1)], axis=1)
    return VoteShares(first.shape, pixels, shares.astype(np.float16))


def paint(
    below: VoteShares, above: VoteShares | None, y0: int, x0: int, side: tuple[int, int]
) -> VoteShares:
    """A slice's shares with those of a region laid over them.

    The region has `side` (height, width) and its first pixel at (y0, x0); what was known of it
    before no longer counts. `above` is None where its labels are not disputed.
    """
    width = below.shape[1]
    rows, columns = np.divmod(below.pixels, width)
    inside = (rows >= y0) & (rows < y0 + side[0]) & (columns >= x0) & (columns < x0 + side[1])
    pixels, shares = [below.pixels[~inside]], [below.shares[~inside]]
    if above is not None:
        rows, columns = np.divmod(above.pixels, above.shape[1])
        pixels.append((rows + y0) * width + columns + x0)
        shares.append(above.shares)
    every = np.concatenate(pixels)
    order = np.argsort(every, kind="stable")
    return VoteShares(below.shape, every[order], np.concatenate(shares)[order])


def undisputed(shape: tuple[int, int], classes: int) -> VoteShares:
    """A slice (H, W) on which nobody differs."""
    return VoteShares(shape, np.empty(0, np.int64), np.empty((0, classes), np.float16))
