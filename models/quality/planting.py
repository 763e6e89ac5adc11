"""An error planted in a mask whose truth is known, to see whether people who are shown it mend it.

One whole object is taken away, or one is laid where there is none: what somebody who only nods
leaves as it is, and nobody who looks.
"""

import numpy as np
from scipy.ndimage import binary_dilation

from models.labels import Labels, Mask, unsure_of
from models.quality.objects import pieces_of

SMALLEST = 16
"""Pixels of the smallest object that is planted: a smaller one may be missed by anybody."""
MARGIN = 2
"""Pixels of background at least between what is laid in and everything else."""
TRIES = 60
MENDED = 0.5
"""Share of the planted pixels that must be put right."""


def plant(truth: Labels, instances: bool, rng: np.random.Generator) -> Labels | None:
    """A copy of the mask (H, W) with one object less, or one more; None where it has no object.

    instances: values are object ids, so that an object more has an id of its own. Either is as
    likely; where there is no room for one more, one less is planted.
    """
    objects = _objects(truth, instances)
    if not objects:
        return None
    chosen = objects[rng.integers(len(objects))]
    shown = truth.copy()
    place = _room_for(chosen, truth, rng) if rng.random() < 0.5 else None
    if place is None:
        shown[chosen] = 0
        return shown
    value = int(truth[chosen][0])
    if instances:
        value = int(truth[truth != unsure_of(truth.dtype)].max()) + 1
        if value >= unsure_of(truth.dtype):
            shown[chosen] = 0
            return shown
    shown[place] = value
    return shown


def planted_in(shown: Labels, truth: Labels) -> Mask:
    """(H, W) where the planted error is."""
    return np.asarray(shown != truth)


def was_added(shown: Labels, truth: Labels) -> bool:
    """Whether an object was laid in, not taken away."""
    return bool((truth[planted_in(shown, truth)] == 0).all())


def is_mended(mask: Labels, shown: Labels, truth: Labels) -> bool:
    """Whether most of the planted error was put right in a mask (H, W) that was drawn over it."""
    place = planted_in(shown, truth)
    present = (mask[place] != 0) & (mask[place] != unsure_of(mask.dtype))
    return bool((present == (truth[place] != 0)).mean() >= MENDED)


def _objects(truth: Labels, instances: bool) -> list[Mask]:
    """(H, W) masks of the objects that are large enough."""
    if instances:
        pieces = np.where(truth == unsure_of(truth.dtype), 0, truth).astype(np.int64)
    else:
        pieces, _ = pieces_of(truth, 0)
    numbers, pixels = np.unique(pieces[pieces > 0], return_counts=True)
    return [np.asarray(pieces == number) for number in numbers[pixels >= SMALLEST]]


def _room_for(one: Mask, truth: Labels, rng: np.random.Generator) -> Mask | None:
    """(H, W) the object's shape somewhere on the background; None where no place was found."""
    rows, columns = np.nonzero(one)
    rows, columns = rows - rows.min(), columns - columns.min()
    free = ~np.asarray(binary_dilation(truth != 0, iterations=MARGIN))
    room = np.array(truth.shape) - [rows.max(), columns.max()]
    for _ in range(TRIES):
        y, x = rng.integers(room)
        if free[rows + y, columns + x].all():
            place = np.zeros(truth.shape, dtype=np.bool_)
            place[rows + y, columns + x] = True
            return place
    return None
