"""A cube's mask as a study would export it: agreed where people looked, proposed elsewhere.

Where volunteers looked and differ, the model counts as one more of them.
"""

from collections import defaultdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lamella.consensus.disputed import Disputed
from lamella.consensus.known import Source, read_source, sources_of
from lamella.consensus.numbering import Numbering
from lamella.cubes.models import Cube
from lamella.learning.models import Proposal
from lamella.learning.proposals import labels_reader
from lamella.learning.selectors import current_proposal
from lamella.volumes import codec


class FinalMask:
    """Read slice by slice; nothing of it is kept in memory.

    Masks of the blind audit are part of it, unless ``with_blind`` is False: then it is the mask
    that they certify. ``proposal`` is None for a cube of which nothing was proposed yet: then the
    mask is background wherever people did not look.
    """

    def __init__(
        self, cube: Cube, proposal: Proposal | None = None, *, with_blind: bool = True
    ) -> None:
        self.cube = cube
        self.shape: tuple[int, int, int] = tuple(cube.shape)
        self.dtype = np.dtype(cube.study.label_dtype)
        self.proposal = proposal or current_proposal(cube)
        self.sources: dict[int, list[Source]] = defaultdict(list)
        for source in sources_of(cube, with_blind=with_blind):
            self.sources[source.z].append(source)
        self._reader = labels_reader(self.proposal) if self.proposal else None
        every = [source for here in self.sources.values() for source in here]
        self._disputed = Disputed(self.proposal, every) if self.proposal else None
        plane = (self.shape[1], self.shape[2])
        self._objects = Numbering(self.proposal, every, plane) if cube.study.instances else None

    def slice(self, z: int) -> NDArray[Any]:
        """(H, W) label values of a slice. Where people were unsure the proposal speaks."""
        return self.slice_and_known(z)[0]

    def slice_and_known(self, z: int) -> tuple[NDArray[Any], NDArray[np.bool_]]:
        """(H, W) label values of a slice, and where they are people's."""
        if self._reader is not None:
            plane = np.asarray(self._reader.array()[z], dtype=self.dtype).copy()
        else:
            plane = np.zeros(self.shape[1:], dtype=self.dtype)
        known = np.zeros(self.shape[1:], dtype=bool)
        if self._objects is not None and (here := self.sources_at(z)):
            ids, known = self._objects.agreed(z, here, plane)
            plane[known] = codec.narrow(ids.astype(np.uint32), self.dtype)[known]
            return plane, known
        for source in self.sources_at(z):
            mask = codec.narrow(codec.widen(self._read(source)), self.dtype)
            region = source.region
            place = plane[region.rows, region.columns]
            sure = mask != codec.unsure_of(self.dtype)
            place[sure] = mask[sure]
            known[region.rows, region.columns] |= sure
        return plane, known

    def _read(self, source: Source) -> NDArray[Any]:
        mask = read_source(source)
        return mask if self._disputed is None else self._disputed.settled(source, mask)

    def sources_at(self, z: int) -> list[Source]:
        """What is known of a slice, in the order of painting: the last one counts."""
        return sorted(self.sources.get(z, ()), key=lambda s: s.id)

    def slices(self, z0: int, z1: int) -> NDArray[Any]:
        """(dz, H, W) label values."""
        return np.stack([self.slice(z) for z in range(z0, z1)])
