"""A cube's final mask as files: joined along z in one pass, three slices in memory at a time."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lamella.consensus.final import FinalMask
from lamella.consensus.joined import joined
from lamella.cubes.models import Cube
from lamella.volumes.export import export_tiff
from lamella.volumes.geometry import VoxelSize
from lamella.volumes.omezarr_meta import CubeFacts, Version
from lamella.volumes.omezarr_read import open_cube
from lamella.volumes.omezarr_write import CubeWriter
from lamella.volumes.stats import Checksum
from lamella.volumes.storage import Location
from models.propagation.reconcile import ExportSlice, SeamReport, seams

Progress = Callable[[float, float, str], None]
Runs = list[list[int]]
"""[[start, length], ...] of voxels of a plane, counted row by row."""


@dataclass(frozen=True)
class Written:
    """``settled``: by slice, the voxels that took their neighbours' value."""

    checksum: str
    settled: dict[int, Runs]
    figures: dict[str, Any]


def write_omezarr(
    final: FinalMask, target: Location, *, version: Version, progress: Progress
) -> Written:
    """Write the final mask as an OME-Zarr label image, replacing what was there.

    Flicker between slices is removed where nobody drew it (see models.propagation.reconcile);
    known voxels are never changed. ``progress`` may raise to stop.
    """
    cube, (depth, height, width) = final.cube, final.shape
    writer = CubeWriter(
        target,
        shape=final.shape,
        dtype=final.dtype,
        kind="label",
        voxel_size=voxel_size_of(cube),
        version=version,
        resume=False,
    )
    checksum = Checksum(final.shape, final.dtype)
    settled: dict[int, Runs] = {}
    known = 0

    def written() -> Iterator[ExportSlice]:
        nonlocal known
        slab: list[NDArray[Any]] = []
        for z, (raw, item) in enumerate(joined(final)):
            known += int(np.count_nonzero(item.known))
            if item.labels is not raw:
                settled[z] = runs_of(item.labels != raw)
            slab.append(item.labels)
            if len(slab) == writer.base.depth or z == depth - 1:
                block = np.stack(slab)
                writer.base.write(z + 1 - len(slab), block)
                checksum.add(block)
                slab.clear()
            progress(0.8 * (z + 1), depth, f"wrote {z + 1} of {depth} slices")
            yield item

    report = seams(written())
    for _ in writer.build_pyramid():
        progress(0.85, 1.0, "writing coarser levels")
    colours = {} if cube.study.instances else {c.value: c.color for c in cube.study.classes.all()}
    writer.finish(
        CubeFacts("label", checksum.hexdigest(), licence=cube.licence, citation=cube.citation),
        name=f"{cube.name} labels",
        colours=colours,
    )
    changed = sum(length for runs in settled.values() for _, length in runs)
    figures = {
        "slices": depth,
        "shown": known / (depth * height * width),
        "settled_voxels": changed,
        **_seam_figures(report),
    }
    return Written(checksum.hexdigest(), settled, figures)


def write_tiff(labels: Location, target: Path, cube: Cube, progress: Progress) -> None:
    """The same label image as one TIFF, slice by slice."""
    reader = open_cube(labels)
    depth = reader.shape[0]

    def slices(z0: int, z1: int) -> NDArray[Any]:
        progress(0.85 + 0.1 * z1 / depth, 1.0, f"packed {z1} of {depth} slices")
        return reader.read(z=slice(z0, z1))

    export_tiff(
        target,
        slices,
        shape=reader.shape,
        dtype=reader.dtype,
        voxel_size=voxel_size_of(cube),
        name=f"{cube.name} labels",
    )


def voxel_size_of(cube: Cube) -> VoxelSize | None:
    if not cube.voxel_size:
        return None
    z, y, x = cube.voxel_size
    return VoxelSize.of((z, y, x), cube.unit or None)


def runs_of(mask: NDArray[np.bool_]) -> Runs:
    """The True voxels of an (H, W) mask, as runs in row-major order."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], mask.ravel(), [False]))))
    return [[int(a), int(b - a)] for a, b in zip(edges[::2], edges[1::2], strict=True)]


def _seam_figures(report: SeamReport) -> dict[str, Any]:
    return {"seams": asdict(report.at_seams), "elsewhere": asdict(report.elsewhere)}
