"""Object ids of a proposal's slices, in studies whose labels are ids of objects."""

from collections import defaultdict
from collections.abc import Callable, Sequence

import numpy as np

from lamella.consensus.known import Source, object_ids
from lamella.jobs.errors import UserError
from lamella.volumes.slabs import SlabArray
from models.labels import most_likely
from models.propagation.objects import ObjectNumbers, TooManyObjectsError


def number_objects(
    target: SlabArray, probability: SlabArray, sources: Sequence[Source], check: Callable[[], None]
) -> int:
    """Write the object ids of all slices, carried along z from those that people numbered.

    target: (Z, Y, X); probability: (1, Z, Y, X) uint8 that there is an object. `check` may raise to
    stop; what is written stays. Returns the greatest id.
    """
    places: dict[int, list[Source]] = defaultdict(list)
    for source in sources:
        places[source.z].append(source)
    plane = (target.shape[1], target.shape[2])
    pending = target.pending
    begun = pending[0][0] if pending else 0
    numbers = ObjectNumbers(
        lambda z: most_likely(probability[:, z]) > 0,
        sorted(places),
        lambda z: object_ids(places[z], plane),
        dtype=target.dtype,
        before=target[begun - 1] if begun else None,
        highest=max((int(target[z].max()) for z in range(begun)), default=0),
    )
    for z0, z1 in pending:
        slab = []
        for z in range(z0, z1):
            try:
                slab.append(numbers.slice(z))
            except TooManyObjectsError as error:
                raise UserError(f"{error} Make a study with labels of uint32.") from error
            check()
        target.write(z0, np.stack(slab))
    return numbers.highest
