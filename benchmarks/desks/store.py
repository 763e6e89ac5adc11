"""Voxels for the cubes: all of a study look alike, so that they take no room."""

import os
import shutil
from pathlib import Path

import numpy as np
from django.conf import settings

from benchmarks.desks.plan import StudyPlan
from lamella.cubes.store import location
from lamella.volumes.geometry import VoxelSize
from lamella.volumes.omezarr_meta import CubeFacts, Kind
from lamella.volumes.omezarr_write import CubeWriter


def make_store(plans: list[StudyPlan]) -> None:
    """The image and the proposal that all cubes of a study share."""
    for plan in {plan.depth: plan for plan in plans}.values():
        rng = np.random.default_rng(plan.id)
        grey = rng.integers(60, 200, (plan.side, plan.side), np.uint8)
        rows, columns = np.ogrid[: plan.side, : plan.side]
        disks = (((rows % 128) - 64) ** 2 + ((columns % 128) - 64) ** 2 < 400).astype(np.uint8)
        _write(plan.store, grey, plan.depth, "image")
        _write(f"{plan.proposals}/labels", disks, plan.depth, "label")


def _write(uri: str, plane: np.ndarray, depth: int, kind: Kind) -> None:
    """One slab of each level is written; its files stand for all others too."""
    writer = CubeWriter(
        location(uri),
        shape=(depth, *plane.shape),
        dtype=plane.dtype,
        kind=kind,
        voxel_size=VoxelSize(50.0, 10.0, 10.0, "nanometer"),
        resume=False,
    )
    for level, array in zip(writer.levels, writer.arrays, strict=True):
        step = plane.shape[0] // level.shape[1]
        small = np.ascontiguousarray(plane[::step, ::step][: level.shape[1], : level.shape[2]])
        z0, z1 = array.spans[0]
        array.write(z0, np.repeat(small[None], z1 - z0, axis=0))
        folder = Path(settings.STORE_URL) / uri / array.name / "c"
        for place, (begin, _) in enumerate(array.spans):
            if place:
                shutil.copytree(folder / "0", folder / str(place), copy_function=os.link)
                array.mark(begin)
    writer.finish(CubeFacts(kind, "0" * 64), name="bench")
