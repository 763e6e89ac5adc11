"""What sectioning and imaging do to a stack: drift, contrast, charging, dirt, knife marks, a
lost section."""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter

from models.labels import Floats
from models.simulate.fields import grain

PAD = 10
"""Pixels by which a section may lie off its place."""


@dataclass(frozen=True, slots=True, eq=False)
class Handling:
    """What happens to each of Z sections: offset (Z, 2) pixels within +-PAD, gain and lift (Z,),
    and the numbers of the sections that are lost, blurred, charged, dirty or scratched."""

    offset: np.ndarray
    gain: np.ndarray
    lift: np.ndarray
    lost: frozenset[int]
    blurred: frozenset[int]
    charged: frozenset[int]
    dirty: frozenset[int]
    scratched: frozenset[int]


def handle(rng: np.random.Generator, sections: int) -> Handling:
    """Draws what happens; small stacks are spared the rarer faults."""
    drift = np.cumsum(rng.normal(0, 0.35, (sections, 2)), axis=0)
    drift -= drift.mean(axis=0)
    jitter = rng.normal(0, 0.6, (sections, 2))
    for z in rng.choice(sections, sections // 20, replace=False):
        jitter[z] += rng.choice([-1, 1], 2) * rng.uniform(2, 4, 2)
    gain = rng.normal(1, 0.05, sections)
    lift = rng.normal(0, 4, sections)
    for z in rng.choice(sections, sections // 16, replace=False):
        gain[z] *= rng.choice([0.78, 1.22])
        lift[z] += rng.choice([-14, 14])

    inner = np.arange(1, max(1, sections - 1))
    order = rng.permutation(inner)

    def some(every: int, start: int) -> frozenset[int]:
        return frozenset(order[start : start + sections // every].tolist())

    return Handling(
        np.clip(np.rint(drift + jitter), -PAD, PAD).astype(np.int64),
        gain,
        lift,
        lost=some(60, 0),
        blurred=some(40, 2),
        charged=some(16, 4),
        dirty=some(24, 10),
        scratched=some(20, 15),
    )


def image_section(greys: Floats, z: int, handling: Handling, rng: np.random.Generator) -> Floats:
    """(H, W) float32 0..255: the section as the microscope shows it, shot noise included."""
    plane = (greys.shape[0], greys.shape[1])
    image = gaussian_filter(greys, 2.6 if z in handling.blurred else 0.7)
    if z in handling.dirty:
        dirt = np.clip((grain(rng, plane, 22.0) - 2.0) * 5, 0, 1)
        image = image * (1 - dirt) + 40 * dirt
    if z in handling.charged:
        image = image + _streaks(rng, plane)
    if z in handling.scratched:
        image = image + _scratches(rng, plane)
    middle = 130.0
    image = (image - middle) * handling.gain[z] + middle + handling.lift[z]
    if z in handling.lost:
        image = 150 + (image - 150) * 0.12
    image = image + rng.standard_normal(plane, dtype=np.float32) * 10
    result: Floats = np.clip(image, 0, 255).astype(np.float32)
    return result


def _streaks(rng: np.random.Generator, plane: tuple[int, int]) -> Floats:
    """Charging: bright and dark bands along the scan lines that fade to one side."""
    rows = gaussian_filter(rng.standard_normal(plane[0]), 2.0)
    rows = np.where(np.abs(rows) > 1.6 * rows.std(), rows / max(rows.std(), 1e-6) * 16, 0)
    fade = np.exp(-np.arange(plane[1]) / rng.uniform(0.3, 1.2) / plane[1])
    return np.asarray(rows[:, None] * fade[None], dtype=np.float32)


def _scratches(rng: np.random.Generator, plane: tuple[int, int]) -> Floats:
    """Knife marks: a few long straight lines, dark or bright."""
    y, x = np.mgrid[: plane[0], : plane[1]].astype(np.float32)
    result = np.zeros(plane, dtype=np.float32)
    angle = rng.uniform(0.9, 1.4)
    across = np.cos(angle) * y - np.sin(angle) * x
    for _ in range(int(rng.integers(2, 6))):
        at, width = rng.uniform(across.min(), across.max()), rng.uniform(0.8, 3)
        result += rng.choice([-28, 24]) * np.exp(-(((across - at) / width) ** 2))
    return result
