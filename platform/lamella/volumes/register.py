"""What must be known of an OME-Zarr that stays where it is and is only read."""

import hashlib
import json
from dataclasses import dataclass

import numpy as np

from lamella.volumes.errors import SourceError
from lamella.volumes.geometry import VoxelSize
from lamella.volumes.omezarr_read import CubeReader
from lamella.volumes.stats import RobustRange

_LOOKED_AT = 16
_MOST_BYTES = 256 * 2**20


@dataclass(frozen=True)
class Registered:
    """A cube in place: ZYX shapes of its levels, dtype, robust range, and a mark of its contents.

    `checksum` is that of an ingest where Lamella wrote the store, else "sampled-" and a digest of
    the metadata and of the slices looked at: enough to notice a change, not to prove there is none.
    """

    shape: tuple[int, int, int]
    dtype: str
    levels: tuple[tuple[int, int, int], ...]
    voxel_size: VoxelSize | None
    low: float
    high: float
    checksum: str


def register(reader: CubeReader) -> Registered:
    """Look at a store in bounded time: evenly spread slices of its coarsest level.

    Raises SourceError where it cannot serve as a cube.
    """
    name = str(reader.location)
    if reader.dtype.kind not in "buif":
        raise SourceError(
            f"{name} holds voxels of type {reader.dtype}; a cube needs integers or real numbers."
        )
    view = reader.array(len(reader.levels) - 1)
    if view.chunk_bytes > _MOST_BYTES:
        raise SourceError(
            f"{name} has chunks of {view.chunk_bytes / 2**30:.1f} GiB, too large to be looked at."
        )
    window = RobustRange(reader.dtype)
    metadata = json.dumps(reader.attributes, sort_keys=True, default=str)
    digest = hashlib.sha256(f"{reader.shape}{reader.dtype}{metadata}".encode())
    depth = view.shape[0]
    for z in sorted({int((i + 0.5) * depth / _LOOKED_AT) for i in range(_LOOKED_AT)}):
        try:
            plane = view[z]
        # Decoders have no common error; whatever they raise, this slice cannot be read.
        except Exception as error:
            raise SourceError(f"Slice {z} of {name} cannot be read: {error}.") from error
        window.add(plane[np.newaxis])
        digest.update(plane.tobytes())
    low, high = window.percentiles()
    facts = reader.facts
    if facts is not None and facts.low is not None and facts.high is not None:
        low, high = facts.low, facts.high
    return Registered(
        shape=reader.shape,
        dtype=reader.dtype.name,
        levels=tuple(level.shape for level in reader.levels),
        voxel_size=reader.voxel_size,
        low=low,
        high=high,
        checksum=(facts and facts.checksum) or f"sampled-{digest.hexdigest()}",
    )
