"""What the object ids that people gave on their slices mean in the whole cube.

A proposal numbers objects through z, also those that people had agreed on before it was made. What
they agreed on since carries ids of earlier proposals, and ids of new objects that other slices use
for something else.
"""

from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lamella.consensus.known import Source, object_ids
from lamella.learning.models import ModelVersion, Proposal
from lamella.learning.proposals import labels_reader
from lamella.volumes import codec
from models.propagation.objects import matched, renumbered

Table = dict[int, int]


class Numbering:
    """The agreed objects of slices, numbered as in the proposal, new ones after its greatest."""

    def __init__(
        self, proposal: Proposal | None, sources: Sequence[Source], plane: tuple[int, int]
    ) -> None:
        self._proposal, self._plane = proposal, plane
        told = _told(proposal)
        self._later = {source.z for source in sources if source not in told}
        self._fresh = tuple(sorted(source for source in sources if source.z in self._later))

    def agreed(
        self, z: int, sources: Sequence[Source], proposed: NDArray[Any]
    ) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """(H, W) object ids of a slice, and where people vouch for them.

        sources: of that slice; proposed: (H, W) its ids in the proposal.
        """
        ids = object_ids(sources, self._plane)
        sure = ids != codec.unsure_of(ids.dtype)
        if z not in self._later:
            return proposed.astype(np.int64), sure
        table = _tables(self._proposal, self._plane, self._fresh)[z]
        return renumbered(np.where(sure, ids, 0), table), sure


def _told(proposal: Proposal | None) -> set[Source]:
    """What a proposal has numbered as people agreed on it.

    Nothing of another tool's, whose ids stay as they are, nor of one that was made before proposals
    numbered objects.
    """
    if proposal is None or proposal.highest_id is None:
        return set()
    if proposal.model_version.kind != ModelVersion.Kind.TRAINED:
        return set()
    return {Source(**entry) for entry in proposal.known.get("sources", [])}


@lru_cache(maxsize=8)
def _tables(
    proposal: Proposal | None, plane: tuple[int, int], sources: tuple[Source, ...]
) -> dict[int, Table]:
    """By slice: what each of its agreed objects is called in the whole cube."""
    places: dict[int, list[Source]] = defaultdict(list)
    for source in sources:
        places[source.z].append(source)
    reader = None if proposal is None else labels_reader(proposal)
    highest = 0 if proposal is None else _highest(proposal)
    tables: dict[int, Table] = {}
    # New objects of the slice before, by the numbers that they were given.
    new_before: tuple[int, NDArray[np.int64]] | None = None
    for z, here in sorted(places.items()):
        drawn = object_ids(here, plane)
        ids = np.where(drawn == codec.unsure_of(drawn.dtype), 0, drawn).astype(np.int64)
        proposed = np.zeros(plane) if reader is None else np.asarray(reader.array()[z])
        table = matched(ids, proposed.astype(np.int64))
        new = np.where(np.isin(ids, list(table)), 0, ids)
        if new_before is not None and new_before[0] == z - 1:
            table |= matched(new, new_before[1])
        for value in np.unique(new[new > 0]).tolist():
            if value not in table:
                highest += 1
                table[value] = highest
        tables[z] = table
        new_before = (z, renumbered(new, table))
    return tables


def _highest(proposal: Proposal) -> int:
    if proposal.highest_id is not None:
        return proposal.highest_id
    # An older proposal; a slice at a time.
    array = labels_reader(proposal).array()
    return max(int(np.max(array[z])) for z in range(array.shape[0]))
