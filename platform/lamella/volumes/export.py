"""Label volumes for other tools: OME-Zarr 0.4 or 0.5, and TIFF, with dtype and voxel size kept."""

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import DTypeLike, NDArray

from lamella.volumes.geometry import VoxelSize
from lamella.volumes.omezarr_meta import CubeFacts, Version
from lamella.volumes.omezarr_write import write_image
from lamella.volumes.slabs import slab_depth
from lamella.volumes.stats import Checksum
from lamella.volumes.storage import Location

Slices = Callable[[int, int], NDArray[Any]]
"""slices(z0, z1) -> (dz, Y, X)"""


def export_omezarr(
    target: Location | str,
    slices: Slices,
    *,
    shape: tuple[int, int, int],
    dtype: DTypeLike,
    voxel_size: VoxelSize | None,
    name: str = "labels",
    version: Version = "0.5",
    colours: Mapping[int, str] | None = None,
    extra: Mapping[str, Any] | None = None,
) -> str:
    """Write a label volume as OME-Zarr, replacing what was there. Returns its checksum.

    `extra` goes into the group's attributes, beside what the format asks for.
    """
    checksum = checksum_of(slices, shape, dtype)
    write_image(
        target,
        slices,
        shape=shape,
        dtype=dtype,
        kind="label",
        voxel_size=voxel_size,
        facts=CubeFacts("label", checksum),
        name=name,
        version=version,
        colours=colours,
        extra=extra,
    )
    return checksum


def export_tiff(
    target: Path,
    slices: Slices,
    *,
    shape: tuple[int, int, int],
    dtype: DTypeLike,
    voxel_size: VoxelSize | None,
    name: str = "labels",
) -> None:
    """Write a label volume as a zlib-compressed BigTIFF with OME metadata, slice by slice.

    OME, not ImageJ: ImageJ's metadata have no place for 32-bit integers. The file appears under
    its name once it is whole.
    """
    dtype = np.dtype(dtype)
    metadata: dict[str, Any] = {"axes": "ZYX", "Name": name}
    if voxel_size is not None and voxel_size.unit is not None:
        symbol = {"nanometer": "nm", "micrometer": "µm", "millimeter": "mm"}[voxel_size.unit]
        for axis, side in zip("ZYX", voxel_size.zyx, strict=True):
            metadata |= {f"PhysicalSize{axis}": side, f"PhysicalSize{axis}Unit": symbol}

    def planes() -> Iterator[NDArray[Any]]:
        for z in range(shape[0]):
            yield np.ascontiguousarray(slices(z, z + 1)[0], dtype)

    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=".", suffix=".ome.tif.partial")
    os.close(handle)
    try:
        with tifffile.TiffWriter(temporary, bigtiff=True, ome=True) as file:
            file.write(
                planes(),
                shape=shape,
                dtype=dtype,
                photometric="minisblack",
                compression="zlib",
                metadata=metadata,
            )
        Path(temporary).replace(target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def checksum_of(slices: Slices, shape: tuple[int, int, int], dtype: DTypeLike) -> str:
    """The checksum of a volume, read slab by slab; the same as a cube of these voxels carries."""
    checksum = Checksum(shape, dtype)
    step = slab_depth(shape, dtype)
    for z0 in range(0, shape[0], step):
        checksum.add(slices(z0, min(z0 + step, shape[0])))
    return checksum.hexdigest()
