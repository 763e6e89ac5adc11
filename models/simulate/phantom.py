"""A phantom of liver electron microscopy with lipid droplets of known truth."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.simulate.artefacts import PAD, handle, image_section
from models.simulate.tissue import grow, paint

VOXEL_SIZE = (50.0, 20.0, 20.0)
"""Nanometres, ZYX."""


@dataclass(frozen=True, slots=True, eq=False)
class Phantom:
    """image, labels: (Z, Y, X) uint8, labels 1 = lipid droplet; voxel_size in nanometres ZYX."""

    image: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    voxel_size: tuple[float, float, float]


def make_phantom(shape: tuple[int, int, int] = (64, 512, 512), seed: int = 0) -> Phantom:
    """A phantom of `shape` (Z, Y, X); the same shape and seed give the same voxels.

    Labels move with their section where it lies off its place, so that they are true for the image
    as it is; under dirt and in a lost section they say what is there, not what can be seen.
    Memory: image, labels and a few sections. Raises ValueError below 1 section or 32 pixels a side.
    """
    Z, H, W = shape
    if Z < 1 or min(H, W) < 32:
        raise ValueError(f"A phantom needs 1 section of 32 x 32 pixels at least, not {shape}.")
    layout, look = (np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(2))
    step = VOXEL_SIZE[0] / VOXEL_SIZE[1]
    tissue = grow(layout, Z * step, (H + 2 * PAD, W + 2 * PAD))
    handling = handle(layout, Z)
    image = np.empty(shape, dtype=np.uint8)
    labels = np.empty(shape, dtype=np.uint8)
    for z in range(Z):
        greys, truth = paint(tissue, (z + 0.5) * step, look)
        y0, x0 = (PAD + int(o) for o in handling.offset[z])
        window = (slice(y0, y0 + H), slice(x0, x0 + W))
        image[z] = np.rint(image_section(greys[window], z, handling, look))
        labels[z] = truth[window]
    return Phantom(image, labels, VOXEL_SIZE)
