"""What a correction holds."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lamella.annotation.models import Correction
from lamella.cubes.store import location
from lamella.volumes import codec


def mask_of(correction: Correction) -> NDArray[Any]:
    """(H, W) mask of a correction, in the study's dtype."""
    task = correction.task
    packed = bytes(correction.mask)
    if correction.mask_file:
        stored = location(correction.mask_file).read()
        if stored is None:
            raise FileNotFoundError(
                f"The mask of correction {correction.pk} is missing from the store."
            )
        packed = stored
    return codec.unpack(
        packed, shape=(task.height, task.width), dtype=np.dtype(task.study.label_dtype)
    )
