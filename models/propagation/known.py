"""What people have agreed on: the labels of one slice, whole or in part."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from models.labels import Labels, Mask, unsure_of


@dataclass(frozen=True, slots=True, eq=False)
class KnownSlice:
    """Agreed labels of a slice.

    labels: (H, W) unsigned integers, 0 background, UNSURE where nobody vouches.
    valid:  (H, W) bool, where `labels` counts (the corrected tiles), or None for the whole slice.
    """

    labels: Labels
    valid: Mask | None = None

    def certain(self) -> Mask:
        """(H, W) bool: inside the corrected part and not UNSURE."""
        sure: Mask = self.labels != unsure_of(self.labels.dtype)
        if self.valid is not None:
            sure = sure & self.valid
        return sure


def as_known(
    known: Mapping[int, Labels | KnownSlice], plane: tuple[int, int]
) -> dict[int, KnownSlice]:
    """Known slices by z, in order of z, checked against the plane's shape (H, W).

    Raises ValueError where a mask has another shape.
    """
    result: dict[int, KnownSlice] = {}
    for z in sorted(known):
        item = known[z]
        entry = item if isinstance(item, KnownSlice) else KnownSlice(np.asarray(item))
        shapes = [entry.labels.shape] + ([] if entry.valid is None else [entry.valid.shape])
        for shape in shapes:
            if shape != tuple(plane):
                raise ValueError(
                    f"The known mask of slice {z} has shape {shape}, but the cube's slices "
                    f"have shape {tuple(plane)}; give masks of whole slices."
                )
        result[int(z)] = entry
    return result
