"""Counting votes pixel by pixel, for any number of label values."""

from collections.abc import Sequence

import numpy as np

from models.labels import Floats, Labels, unsure_of


def plurality(masks: Sequence[Labels], proposal: Labels) -> tuple[Labels, Floats]:
    """The value with most votes at each pixel and its share of the votes given there.

    masks: at least one (H, W) array; proposal (H, W) settles ties. UNSURE is no vote; a pixel where
    nobody voted becomes UNSURE with share 0. Of tied values the proposal's wins if it is one of
    them (everyone saw it, and left or restored it), else the lowest, which is background if tied:
    an object must be drawn by more people than leave it out.
    Masks are read in the proposal's dtype, so that UNSURE of a wider one stays UNSURE.
    """
    unsure = unsure_of(proposal.dtype)
    own_type = [np.asarray(mask).astype(proposal.dtype, copy=False) for mask in masks]
    first = own_type[0]
    agreed = first.copy()
    share = np.where(first == unsure, 0, 1).astype(np.float32)
    differs = np.zeros(first.shape, dtype=bool)
    for mask in own_type[1:]:
        differs |= mask != first
    if not differs.any():
        return agreed, share
    votes = np.stack([mask[differs].astype(np.uint32) for mask in own_type])
    cast = votes != unsure
    # Counting for each vote how many agree with it needs no list of values, however many ids.
    counts = np.stack([((votes == own) & cast).sum(axis=0) for own in votes])
    counts[~cast] = 0
    most = counts.max(axis=0)
    tied = counts == most
    value = np.where(tied & cast, votes, np.uint32(unsure)).min(axis=0)
    wished = proposal[differs].astype(np.uint32)
    backed = ((votes == wished) & tied & cast).any(axis=0)
    value = np.where(backed, wished, value)
    total = cast.sum(axis=0)
    agreed[differs] = value.astype(proposal.dtype)
    share[differs] = np.where(total > 0, most / np.maximum(total, 1), 0)
    return agreed, share


def vote_share(masks: Sequence[Labels], value: int) -> Floats:
    """(H, W) float32: share of the votes given for one value; NaN where nobody voted. For soft
    targets."""
    given = np.zeros(masks[0].shape, dtype=np.float32)
    for_value = np.zeros_like(given)
    for mask in masks:
        given += mask != unsure_of(mask.dtype)
        for_value += mask == value
    with np.errstate(invalid="ignore", divide="ignore"):
        share: Floats = for_value / given
    return share


def agreement(a: Labels, b: Labels) -> float:
    """Dice of two masks over all values but background, pixels UNSURE in either left out; both
    empty is 1.

    2 * pixels of equal foreground value / (foreground of a + foreground of b).
    """
    in_a, in_b = a > 0, b > 0
    for mask in (a, b):
        unsure = mask == unsure_of(mask.dtype)
        if unsure.any():
            in_a, in_b = in_a & ~unsure, in_b & ~unsure
    # np.count_nonzero takes a tenth of the time of a sum of truth values.
    total = int(np.count_nonzero(in_a)) + int(np.count_nonzero(in_b))
    if total == 0:
        return 1.0
    in_a &= a == b
    return 2 * int(np.count_nonzero(in_a)) / total
