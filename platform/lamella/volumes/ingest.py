"""Bringing an image in: from a source of slices to a finished OME-Zarr cube.

Slab by slab, so that memory does not depend on the number of slices. Killed at any moment, the
same call takes up where it was: slabs that are stored are read back (which also proves that they
can be read) for the checksum and the intensity range, and only the rest is taken from the source.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from lamella.volumes.errors import SourceError
from lamella.volumes.geometry import VoxelSize
from lamella.volumes.omezarr_meta import CubeFacts
from lamella.volumes.omezarr_write import CubeWriter
from lamella.volumes.stats import Checksum, RobustRange
from lamella.volumes.storage import Location

Progress = Callable[[int, int], None]
ShouldStop = Callable[[], bool]


class SliceSource(Protocol):
    """What an ingest needs of a source; `cubes.readers.VolumeSource` has it."""

    @property
    def name(self) -> str: ...
    @property
    def shape(self) -> tuple[int, int, int]: ...
    @property
    def dtype(self) -> np.dtype[Any]: ...
    @property
    def voxel_size(self) -> VoxelSize | None: ...
    @property
    def identity(self) -> Mapping[str, Any]: ...
    def slices(self, z0: int, z1: int) -> NDArray[Any]: ...


class Stopped(Exception):  # noqa: N818 - nothing went wrong
    """The ingest was asked to stop; what it has stored stays, for the next call to take up."""


@dataclass(frozen=True)
class CubeMeta:
    """What people say about a cube."""

    name: str
    licence: str = ""
    citation: str = ""


@dataclass(frozen=True)
class IngestResult:
    """A finished cube: ZYX shapes of its levels, stored dtype, robust range, sha256."""

    shape: tuple[int, int, int]
    dtype: str
    levels: tuple[tuple[int, int, int], ...]
    voxel_size: VoxelSize | None
    low: float
    high: float
    checksum: str


def ingest(
    source: SliceSource,
    target: Location | str,
    *,
    meta: CubeMeta,
    voxel_size: VoxelSize | tuple[float, float, float] | None = None,
    unit: str | None = None,
    on_progress: Progress | None = None,
    should_stop: ShouldStop | None = None,
    resume: bool = True,
) -> IngestResult:
    """Write `source` as OME-Zarr 0.5 at `target` (a path or an address that can be written to).

    `voxel_size` (ZYX, in `unit`) overrides what the source says. Progress counts slabs of all
    levels. Raises SourceError where the source turns out to be broken, and leaves nothing behind
    then; raises Stopped when `should_stop` says so.
    """
    size = voxel_size or source.voxel_size
    if isinstance(size, tuple):
        size = VoxelSize.of(size, unit)
    dtype = image_dtype(source.dtype)
    writer = CubeWriter(
        target,
        shape=source.shape,
        dtype=dtype,
        kind="image",
        voxel_size=size,
        identity={"source": dict(source.identity)},
        resume=resume,
    )
    checksum, window = Checksum(source.shape, dtype), RobustRange(dtype)
    tick = ticker(writer, on_progress, should_stop)
    try:
        for z0, z1 in writer.base.spans:
            slab = writer.stored(z0, z1)
            if slab is None:
                slab = converted(source.slices(z0, z1), dtype, source.name)
                writer.base.write(z0, slab)
            checksum.add(slab)
            window.add(slab)
            tick()
        for _ in writer.build_pyramid():
            tick()
    except SourceError:
        writer.root.remove()
        raise
    low, high = window.percentiles()
    facts = CubeFacts(
        kind="image",
        checksum=checksum.hexdigest(),
        low=low,
        high=high,
        licence=meta.licence,
        citation=meta.citation,
    )
    writer.finish(facts, name=meta.name)
    return IngestResult(
        shape=source.shape,
        dtype=dtype.name,
        levels=tuple(level.shape for level in writer.levels),
        voxel_size=size,
        low=low,
        high=high,
        checksum=facts.checksum,
    )


def image_dtype(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """The dtype an image is stored in: 64 bits become 32, 16-bit floats too, and truth values 8."""
    if dtype.kind == "b":
        return np.dtype(np.uint8)
    if dtype.kind == "f":
        return np.dtype(np.float32)
    return np.dtype(f"{dtype.kind}4") if dtype.itemsize == 8 else dtype.newbyteorder("=")


def converted(slab: NDArray[Any], dtype: np.dtype[Any], name: str) -> NDArray[Any]:
    """The slab in `dtype`. Raises SourceError where an integer does not fit."""
    if slab.dtype == dtype:
        return slab
    if slab.dtype.kind in "iu" and slab.size:
        bounds = np.iinfo(dtype)
        if slab.min() < bounds.min or slab.max() > bounds.max:
            raise SourceError(
                f"{name} holds values from {slab.min()} to {slab.max()}, "
                f"which do not fit into {dtype}."
            )
    with np.errstate(over="ignore"):
        return slab.astype(dtype)


def ticker(
    writer: CubeWriter, on_progress: Progress | None, should_stop: ShouldStop | None
) -> Callable[[], None]:
    """A function to call after each slab: reports progress, raises Stopped where asked to stop."""

    def tick() -> None:
        if on_progress is not None:
            on_progress(writer.steps_done, writer.steps)
        if should_stop is not None and should_stop():
            raise Stopped(f"Writing {writer.root} was stopped.")

    return tick
