"""A cube's final mask as it is exported and certified: flicker along z removed, slice by slice."""

from collections import deque
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lamella.consensus.final import FinalMask
from lamella.learning.models import ModelVersion, Proposal
from lamella.learning.proposals import PROBABILITY, root_of
from lamella.volumes.slabs import open_array
from models.propagation.reconcile import ExportSlice, settle


def joined(final: FinalMask) -> Iterator[tuple[NDArray[Any], ExportSlice]]:
    """(labels before, slice of the export) of every slice in order of z."""
    waiting: deque[NDArray[Any]] = deque()
    confidence = _Confidence(final.proposal)

    def raw() -> Iterator[ExportSlice]:
        for z in range(final.shape[0]):
            labels, known = final.slice_and_known(z)
            waiting.append(labels)
            yield ExportSlice(labels, known, confidence.at(z))

    for item in settle(raw()):
        yield waiting.popleft(), item


class _Confidence:
    """How sure the model was of what it proposed; another tool's masks do not say."""

    def __init__(self, proposal: Proposal | None) -> None:
        self._array = None
        if (
            proposal is not None
            and proposal.model_version.kind == ModelVersion.Kind.TRAINED
            and (root_of(proposal) / PROBABILITY).exists()
        ):
            self._array = open_array(root_of(proposal), PROBABILITY)

    def at(self, z: int) -> NDArray[np.float32] | None:
        """(H, W) float32: probability of the likeliest of all classes and background."""
        if self._array is None:
            return None
        shares = self._array[:, z].astype(np.float32) / np.float32(255)
        likeliest: NDArray[np.float32] = np.maximum(shares.max(axis=0), 1 - shares.sum(axis=0))
        return likeliest
