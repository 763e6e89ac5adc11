"""Object ids of different volunteers made to mean the same before they vote."""

from collections.abc import Sequence

import numpy as np

from models.labels import Labels, unsure_of


def align(masks: Sequence[Labels], proposal: Labels, overlap: float = 0.5) -> list[Labels]:
    """The same masks with new objects renumbered, so that equal ids mean the same object.

    An id that the proposal has keeps its meaning. An id that it has not is a volunteer's new
    object: it joins the earlier volunteer's new object that it overlaps with an intersection over
    union above `overlap`, or gets the next free id. Masks are (H, W) and taken in order, so replay
    agrees.
    """
    unsure = unsure_of(proposal.dtype)
    old = set(np.unique(proposal).tolist()) | {0, unsure}
    free = max((int(v) for v in old if v != unsure), default=0) + 1
    pool: dict[int, np.ndarray] = {}
    result: list[Labels] = []
    for mask in masks:
        renamed = mask.copy()
        taken: set[int] = set()
        for value in np.unique(mask).tolist():
            if value in old:
                continue
            region = mask == value
            match = _best(region, {k: v for k, v in pool.items() if k not in taken}, overlap)
            if match is None:
                if free >= unsure:
                    raise ValueError(f"No object ids are left in {proposal.dtype}.")
                match, free = free, free + 1
                pool[match] = region
            taken.add(match)
            renamed[region] = match
        result.append(renamed)
    return result


def _best(region: np.ndarray, pool: dict[int, np.ndarray], overlap: float) -> int | None:
    best, best_score = None, overlap
    for identity, other in pool.items():
        score = int((region & other).sum()) / max(int((region | other).sum()), 1)
        if score > best_score:
            best, best_score = identity, score
    return best
