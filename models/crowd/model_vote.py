"""The model's word on what volunteers could not agree on.

A model that has learned from many people's masks draws an outline better than one or two of them.
Where they differ, and only there, it counts as one more annotator: odds multiply, as for
independent observers (Dawid and Skene, Applied Statistics 28(1), 1979).
"""

import numpy as np
from numpy.typing import NDArray

from models.labels import Floats, Labels, Mask, unsure_of

SUREST = 0.9
"""The model's word is never worth more than this probability: it is one annotator, not a judge."""


def with_model(
    mask: Labels, disputed: Mask, probability: Floats, shares: NDArray[np.floating]
) -> Labels:
    """The agreed mask (H, W), classes 0..K, with disputed pixels settled by people and model.

    disputed: (H, W) where people differ; nothing else is changed. probability: (H, W) how likely
    each agreed value is by people alone; what they leave over is taken to be for the value that the
    model thinks likeliest beside it. shares: (K, H, W) the model's probabilities 0..1 of the
    foreground classes. UNSURE pixels stay unsure.
    """
    open_ones = disputed & (mask != unsure_of(mask.dtype))
    if not open_ones.any():
        return mask
    values = mask[open_ones].astype(np.int64)
    found = np.asarray(shares, dtype=np.float64)[:, open_ones]
    every = np.concatenate([1.0 - found.sum(axis=0, keepdims=True), found])
    every = np.clip(every, 1.0 - SUREST, SUREST)
    place = np.arange(len(values))
    own = every[values, place]
    every[values, place] = -1.0
    rival = every.argmax(axis=0)
    people = np.asarray(probability[open_ones], dtype=np.float64)
    changes = (1.0 - people) * every[rival, place] > people * own
    result = mask.copy()
    result[open_ones] = np.where(changes, rival, values).astype(mask.dtype)
    return result
