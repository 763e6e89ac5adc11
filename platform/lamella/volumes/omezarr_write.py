"""Writing a cube or a label volume as OME-Zarr: level 0 slab by slab, then the pyramid, then the
metadata.

Until the last step the group carries no multiscale metadata, so that a half-written store is
never taken for a cube. Everything before it can be killed and taken up again.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import zarr
from numpy.typing import DTypeLike, NDArray

from lamella.volumes.downsample import write_level
from lamella.volumes.geometry import Level, VoxelSize, pyramid
from lamella.volumes.omezarr_meta import CubeFacts, Kind, Version, multiscale_attributes
from lamella.volumes.slabs import MARKERS, SlabArray, ZarrFormat, create_array
from lamella.volumes.storage import Location


class CubeWriter:
    """Writes one OME-Zarr image; `finish` makes it one.

    `identity` says what is being written (source, its size and time, mapping ...): a store left
    by a killed writer is taken up only where it is the same.
    """

    def __init__(
        self,
        root: Location | str,
        *,
        shape: tuple[int, int, int],
        dtype: DTypeLike,
        kind: Kind,
        voxel_size: VoxelSize | None,
        identity: Mapping[str, Any] | None = None,
        version: Version = "0.5",
        resume: bool = True,
    ) -> None:
        self.root = Location.of(root)
        self.kind = kind
        self.voxel_size = voxel_size
        self.version = version
        self.levels: tuple[Level, ...] = pyramid(shape, voxel_size)
        self._format: ZarrFormat = 2 if version == "0.4" else 3
        if not resume:
            self.root.remove()
        attrs = {"identity": dict(identity or {})}
        self.arrays: list[SlabArray] = [
            create_array(
                self.root,
                str(level.index),
                shape=level.shape,
                dtype=dtype,
                attrs=attrs,
                zarr_format=self._format,
                resume=resume,
            )
            for level in self.levels
        ]

    @property
    def base(self) -> SlabArray:
        """The array of level 0."""
        return self.arrays[0]

    @property
    def steps(self) -> int:
        """Slabs of all levels: what progress is counted in."""
        return sum(len(array.spans) for array in self.arrays)

    @property
    def steps_done(self) -> int:
        return sum(len(array.spans) - len(array.pending) for array in self.arrays)

    def stored(self, z0: int, z1: int) -> NDArray[Any] | None:
        """A slab of level 0 that an earlier run wrote, None where it is missing or unreadable."""
        if (z0, z1) in self.base.pending:
            return None
        try:
            return self.base[z0:z1]
        # Whatever a torn file makes of zarr and its codecs, the cure is to write the slab again.
        except Exception:
            self.base.forget(z0)
            return None

    def build_pyramid(self) -> Iterator[None]:
        """Write the coarser levels, yielding after each slab. Level 0 must be complete."""
        for level, finer in zip(self.levels[1:], self.levels[:-1], strict=True):
            target = self.arrays[level.index]
            for z0, z1 in target.pending:
                write_level(
                    self.arrays[finer.index],
                    target,
                    level,
                    finer,
                    labels=self.kind == "label",
                    z0=z0,
                    z1=z1,
                )
                yield

    def finish(
        self,
        facts: CubeFacts,
        *,
        name: str,
        colours: Mapping[int, str] | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        """Write the metadata that turns the group into an image, and drop the markers."""
        attributes = multiscale_attributes(
            name, self.levels, self.voxel_size, facts, version=self.version, colours=colours
        )
        for array in self.arrays:
            array.finish()
        group = zarr.open_group(
            self.root.store(read_only=False), mode="a", zarr_format=self._format
        )
        group.attrs.update({**dict(extra or {}), **attributes})
        (self.root / MARKERS).remove()


def write_image(
    root: Location | str,
    slices: Callable[[int, int], NDArray[Any]],
    *,
    shape: tuple[int, int, int],
    dtype: DTypeLike,
    kind: Kind,
    voxel_size: VoxelSize | None,
    facts: CubeFacts,
    name: str,
    version: Version = "0.5",
    colours: Mapping[int, str] | None = None,
    extra: Mapping[str, Any] | None = None,
) -> None:
    """Write a volume whose facts are already known, from `slices(z0, z1) -> (dz, Y, X)`."""
    writer = CubeWriter(
        root,
        shape=shape,
        dtype=dtype,
        kind=kind,
        voxel_size=voxel_size,
        version=version,
        resume=False,
    )
    for z0, z1 in writer.base.pending:
        writer.base.write(z0, np.asarray(slices(z0, z1), writer.base.dtype))
    for _ in writer.build_pyramid():
        pass
    writer.finish(facts, name=name, colours=colours, extra=extra)
