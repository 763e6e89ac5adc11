"""OME-Zarr stores, 0.4 and 0.5, in a folder or at an address."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lamella.cubes.readers.axed import AxedSource
from lamella.cubes.readers.base import GIB, Limits, Native, SourceError
from lamella.volumes.errors import StoreError
from lamella.volumes.geometry import VoxelSize
from lamella.volumes.omezarr_read import CubeReader, open_cube
from lamella.volumes.storage import Location


class OmeZarrArray(Native):
    """Level 0 of a store, one channel of it, as ZYX."""

    def __init__(self, reader: CubeReader) -> None:
        self.name = reader.location.name
        self._view = reader.array()
        self.shape = reader.shape
        self.dtype = reader.dtype
        self.axes = "ZYX"
        self.max_is_unsure = reader.facts is not None and reader.facts.kind == "label"
        size: VoxelSize | None = reader.voxel_size
        if size is not None:
            self.spacing, self.unit = size.zyx, size.unit

    def read(self, index: tuple[int | slice, ...]) -> NDArray[Any]:
        return np.asarray(self._view[index])


def open_omezarr(
    location: Location, limits: Limits, *, axes: str | None, channel: int | None
) -> AxedSource:
    """The volume of a store; where it has several channels, one must be chosen."""
    try:
        reader = open_cube(location, channel=channel or 0)
    except StoreError as error:
        raise SourceError(str(error)) from error
    if reader.channels > 1 and channel is None:
        raise SourceError(
            f"{location.name} has {reader.channels} channels where a cube has one grey value; "
            f"choose a channel from 0 to {reader.channels - 1}."
        )
    if reader.array().chunk_bytes > limits.max_slice_bytes:
        raise SourceError(
            f"A chunk of {location.name} takes {reader.array().chunk_bytes / GIB:.1f} GiB, "
            f"more than the {limits.max_slice_bytes / GIB:.1f} GiB allowed."
        )
    identity: dict[str, Any] = {"path": location.url, "channel": channel}
    if reader.facts is not None:
        identity["checksum"] = reader.facts.checksum
    elif not location.is_remote:
        identity["changed"] = Path(location.url).stat().st_mtime_ns
    source = AxedSource(OmeZarrArray(reader), identity=identity, limits=limits, axes=axes)
    source.channels = reader.channels
    return source
