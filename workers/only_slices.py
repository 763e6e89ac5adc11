"""A label source of which only some slices are labelled."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lamella.volumes.geometry import VoxelSize
from lamella.volumes.ingest import SliceSource


class OnlySlices:
    """All but the given slices read as background, so that nothing else of it is ever stored."""

    def __init__(self, source: SliceSource, slices: Sequence[int]) -> None:
        self._source = source
        self._slices = frozenset(slices)

    @property
    def name(self) -> str:
        return self._source.name

    @property
    def shape(self) -> tuple[int, int, int]:
        return self._source.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        return self._source.dtype

    @property
    def voxel_size(self) -> VoxelSize | None:
        return self._source.voxel_size

    @property
    def max_is_unsure(self) -> bool:
        return bool(getattr(self._source, "max_is_unsure", False))

    @property
    def identity(self) -> Mapping[str, Any]:
        return {**self._source.identity, "slices": sorted(self._slices)}

    def slices(self, z0: int, z1: int) -> NDArray[Any]:
        """(z1 - z0, Y, X)."""
        result = np.zeros((z1 - z0, *self.shape[1:]), dtype=self.dtype)
        for z in range(z0, z1):
            if z in self._slices:
                result[z - z0] = self._source.slices(z, z + 1)[0]
        return result
