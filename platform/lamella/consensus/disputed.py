"""What volunteers differed on, settled with the serving model's word."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lamella.consensus.compute import unpack_probability
from lamella.consensus.known import Source
from lamella.consensus.models import Consensus
from lamella.consensus.votes import unjudged, votes_of
from lamella.learning.models import Proposal
from lamella.learning.proposals import prediction
from lamella.studies.classes import class_map
from lamella.volumes.slabs import SlabArray
from models.crowd.model_vote import with_model


class Disputed:
    """The masks that a cube's volunteers agreed on, with disputed pixels settled.

    Nothing is settled where a manager has drawn or accepted a mask, where one person alone drew it,
    where values are object ids, and where the proposal is no model's of this study.
    """

    def __init__(self, proposal: Proposal, sources: Sequence[Source]) -> None:
        self._proposal = proposal
        self._ids = [source.id for source in sources if source.kind == "consensus"]
        self._classes = class_map(proposal.cube.study)

    @cached_property
    def _said(self) -> SlabArray | None:
        """(K, Z, Y, X) what the model said; None where it has no say."""
        if self._classes.instances:
            return None
        return prediction(self._proposal.model_version_id, self._proposal.cube_id)

    @cached_property
    def _open(self) -> dict[int, list[str]]:
        return unjudged(self._ids)

    def settled(self, source: Source, mask: NDArray[Any]) -> NDArray[Any]:
        """(h, w) label values of a source, given what people agreed on."""
        if source.kind != "consensus" or self._said is None or source.id not in self._open:
            return mask
        votes = votes_of(self._open[source.id], self._classes)
        if votes is None or not len(votes.pixels):
            return mask
        shape = (source.height, source.width)
        disputed = np.zeros(shape, dtype=bool)
        disputed.ravel()[votes.pixels] = True
        packed = Consensus.objects.values_list("probability", flat=True).get(pk=source.id)
        region = source.region
        shares = self._said.array[:, source.z, region.rows, region.columns]
        agreed = self._classes.to_classes(mask)
        found = with_model(
            agreed,
            disputed,
            unpack_probability(bytes(packed), shape),
            np.asarray(shares) / np.float32(255),
        )
        changed = found != agreed
        result = mask.copy()
        result[changed] = self._classes.to_values(found[changed]).astype(mask.dtype)
        return result
