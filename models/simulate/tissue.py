"""A procedural piece of liver: hepatocytes with lipid droplets and everything that looks like them.

What makes it hard on purpose: droplets have the greys of sinusoids, vacuoles and glycogen-poor
cytoplasm, and are as smooth; what tells them apart is shape and context: a round smooth outline
with a thin dark rim, seen over tens of pixels.
"""

from dataclasses import dataclass

import numpy as np

from models.labels import Floats, Mask
from models.simulate.bodies import Balls, Rods, balls, rods
from models.simulate.fields import SmoothField, grain
from models.simulate.paint import Section, inside, mix, ring, section_of_balls, section_of_rods

CYTOPLASM, MEMBRANE, LUMEN, CHROMATIN = 132.0, 62.0, 172.0, 122.0
"""Greys."""
VESSEL, CLEARING = 1.15, 1.3
"""Standard deviations of their fields above which sinusoids and clear spaces open."""


@dataclass(frozen=True, slots=True, eq=False)
class Tissue:
    """Everything in the block, in in-plane pixels (see bodies.py), and its smooth fields."""

    plane: tuple[int, int]
    droplets: Balls
    vacuoles: Balls
    lysosomes: Balls
    peroxisomes: Balls
    nuclei: Balls
    mitochondria: Rods
    cells: np.ndarray
    vessel: SmoothField
    clear: SmoothField
    shade: SmoothField
    warp_y: SmoothField
    warp_x: SmoothField
    sheets: SmoothField
    glycogen: SmoothField


def grow(rng: np.random.Generator, depth: float, plane: tuple[int, int]) -> Tissue:
    """A tissue filling `depth` x plane pixels; how much of everything follows from the volume."""
    extent = np.array([depth, *plane], dtype=np.float64)
    unit = float(extent.prod()) / (160 * 512 * 512)

    def count(mean: float) -> int:
        return max(1, round(mean * unit))

    nuclei = balls(rng, extent, rng.uniform(60, 92, count(2.2)), (CHROMATIN, 4), wobble=0.03)
    radii = np.clip(rng.lognormal(np.log(11), 0.6, count(290)), 4.5, 42)
    vessel = SmoothField(rng, depth, plane, 150)
    droplets = balls(rng, extent, radii, (168, 15), wobble=0.025, avoid=(nuclei,), touching=0.5)
    droplets = _outside(droplets, vessel)
    vacuoles = balls(
        rng, extent, rng.uniform(6, 17, count(26)), (208, 8), wobble=0.09,
        avoid=(nuclei, droplets),
    )  # fmt: skip
    lysosomes = balls(
        rng, extent, rng.uniform(4, 11, count(90)), (62, 12), wobble=0.06,
        avoid=(nuclei, droplets, vacuoles),
    )  # fmt: skip
    peroxisomes = balls(
        rng, extent, rng.uniform(6, 12, count(90)), (112, 7), wobble=0.03,
        avoid=(nuclei, droplets, vacuoles, lysosomes),
    )  # fmt: skip
    mitochondria = rods(
        rng, extent, count(800), (nuclei, droplets, vacuoles, lysosomes, peroxisomes)
    )
    cells = rng.random((max(3, count(5)), 3)) * extent
    return Tissue(
        plane,
        droplets,
        vacuoles,
        lysosomes,
        peroxisomes,
        nuclei,
        mitochondria,
        cells,
        vessel=vessel,
        clear=SmoothField(rng, depth, plane, 30),
        shade=SmoothField(rng, depth, plane, 60),
        warp_y=SmoothField(rng, depth, plane, 70),
        warp_x=SmoothField(rng, depth, plane, 70),
        sheets=SmoothField(rng, depth, plane, 60),
        glycogen=SmoothField(rng, depth, plane, 90),
    )


def _outside(bodies: Balls, vessel: SmoothField) -> Balls:
    """Those whose centre does not lie in a vessel: blood carries no droplets."""
    chosen = np.flatnonzero([vessel.value(*centre) < VESSEL - 0.2 for centre in bodies.centre])
    return Balls(
        bodies.centre[chosen], bodies.radius[chosen], bodies.grey[chosen], bodies.wobble[chosen]
    )


def paint(tissue: Tissue, depth: float, rng: np.random.Generator) -> tuple[Floats, Mask]:
    """(H, W) float32 greys 0..255 of the section at `depth`, and the truth of its droplets."""
    plane = tissue.plane
    droplets = section_of_balls(tissue.droplets, depth, plane, 4)
    shade = tissue.shade.at(depth)
    image = _cytoplasm(tissue, depth, rng, shade)
    image = _mitochondria(tissue, depth, rng, image)
    image = _small_bodies(tissue, depth, rng, image)
    image, nucleus = _nuclei(tissue, depth, rng, image, shade)
    clearing = np.minimum(1 - nucleus, inside(-droplets.nearest - 3, 2))
    image = _openings(tissue, depth, rng, image, shade, clearing)
    image = _borders(tissue, depth, image, nucleus)
    image = _droplets(tissue, droplets, rng, image, shade)
    return image, np.asarray(droplets.nearest > 0)


def _cytoplasm(tissue: Tissue, depth: float, rng: np.random.Generator, shade: Floats) -> Floats:
    plane = tissue.plane
    image = CYTOPLASM + 7 * shade + 11 * grain(rng, plane, 1.1) + 5 * grain(rng, plane, 3.0)
    # Rough endoplasmic reticulum: stacked dark sheets, where the field says so.
    phase = tissue.sheets.at(depth)
    glycogen = tissue.glycogen.at(depth)
    where = inside(glycogen - 0.2, 0.5)
    lines = np.clip(np.sin(phase * 26) * 2 - 0.6, 0, 1)
    image = image - 34 * lines * where * (0.8 + 0.3 * grain(rng, plane, 1.5))
    # Glycogen: dark rosettes in the other places.
    rosettes = np.clip(grain(rng, plane, 1.5) - 0.9, 0, 1.5)
    image = image - 40 * rosettes * inside(-glycogen - 0.4, 0.5)
    result: Floats = image.astype(np.float32)
    return result


def _mitochondria(tissue: Tissue, depth: float, rng: np.random.Generator, image: Floats) -> Floats:
    section, along = section_of_rods(tissue.mitochondria, depth, tissue.plane, 3)
    if not len(tissue.mitochondria):
        return image
    base = tissue.mitochondria.grey[section.which].astype(np.float32)
    wave = along * 0.95 + 1.6 * grain(rng, tissue.plane, 3.0) + section.which * 2.4
    cristae = np.clip(np.sin(wave) * 1.6 - 0.5, 0, 1)
    matrix = base + 22 * cristae + 5 * grain(rng, tissue.plane, 1.0)
    image = mix(image, matrix.astype(np.float32), inside(section.nearest))
    image = mix(image, MEMBRANE - 4, ring(section.nearest, 0.5, 1.6) * 0.85)
    return mix(image, 150.0, ring(section.nearest, 2.2, 1.0) * 0.3)


def _small_bodies(tissue: Tissue, depth: float, rng: np.random.Generator, image: Floats) -> Floats:
    for bodies, grainy, rim in (
        (tissue.lysosomes, 9.0, 0.3),
        (tissue.peroxisomes, 4.0, 0.75),
        (tissue.vacuoles, 3.0, 0.8),
    ):
        if not len(bodies):
            continue
        section = section_of_balls(bodies, depth, tissue.plane, 3)
        grey = bodies.grey[section.which].astype(np.float32)
        grey = grey + np.float32(grainy) * grain(rng, tissue.plane, 1.6)
        image = mix(image, grey, inside(section.nearest))
        image = mix(image, MEMBRANE + 8, ring(section.nearest, 0.0, 1.4) * np.float32(rim))
    return image


def _nuclei(
    tissue: Tissue, depth: float, rng: np.random.Generator, image: Floats, shade: Floats
) -> tuple[Floats, Floats]:
    section = section_of_balls(tissue.nuclei, depth, tissue.plane, 8)
    wavy = section.nearest + 2.2 * tissue.warp_y.at(depth)
    clumps = np.clip(grain(rng, tissue.plane, 5.0) + np.exp(-np.maximum(wavy, 0) / 7) - 0.3, 0, 2)
    nucleolus = np.clip(shade * 3 - 3.2, 0, 1) * inside(wavy - 25, 8)
    grey = CHROMATIN + 8 - 17 * clumps - 44 * nucleolus + 6 * grain(rng, tissue.plane, 1.4)
    share = inside(wavy)
    image = mix(image, grey.astype(np.float32), share)
    image = mix(image, MEMBRANE, ring(wavy, 0.8, 1.6) * 0.8)
    image = mix(image, MEMBRANE, ring(wavy, -3.4, 1.5) * 0.7)
    return image, inside(wavy + 6, 2)


def _openings(
    tissue: Tissue,
    depth: float,
    rng: np.random.Generator,
    image: Floats,
    shade: Floats,
    clearing: Floats,
) -> Floats:
    """Sinusoids and irregular clear spaces: as grey and as smooth as droplets, but ragged and
    rimless."""
    ragged = tissue.clear.at(depth)
    rough = 0.10 * ragged + 0.03 * grain(rng, tissue.plane, 5.0)
    vessel = ((tissue.vessel.at(depth) + rough - VESSEL) * 45).astype(np.float32)
    clear = ((ragged + 0.10 * grain(rng, tissue.plane, 6.0) - CLEARING) * 14).astype(np.float32)
    flocks = 3.5 * grain(rng, tissue.plane, 4.0)
    lumen = LUMEN + 12 * shade + flocks
    image = mix(image, lumen.astype(np.float32), inside(clear, 2.5) * clearing)
    image = mix(image, (lumen + 2).astype(np.float32), inside(vessel, 1.5) * clearing)
    lining = ring(vessel, -2.5, 3.5) * np.clip(0.7 + 0.5 * grain(rng, tissue.plane, 8.0), 0, 1)
    return mix(image, MEMBRANE + 14, lining * clearing)


def _borders(tissue: Tissue, depth: float, image: Floats, nucleus: Floats) -> Floats:
    y, x = np.mgrid[: tissue.plane[0], : tissue.plane[1]].astype(np.float32)
    y = y + 16 * tissue.warp_y.at(depth)
    x = x + 16 * tissue.warp_x.at(depth)
    first = np.full(tissue.plane, 1e9, dtype=np.float32)
    second = first.copy()
    for cz, cy, cx in tissue.cells:
        distance = np.sqrt((y - cy) ** 2 + (x - cx) ** 2 + (depth - cz) ** 2)
        second = np.minimum(second, np.maximum(first, distance))
        first = np.minimum(first, distance)
    apart = second - first
    image = mix(image, 165.0, ring(apart, 0.0, 3.0) * 0.6 * (1 - nucleus))
    return mix(image, MEMBRANE, ring(apart, 4.0, 2.6) * 0.8 * (1 - nucleus))


def _droplets(
    tissue: Tissue, section: Section, rng: np.random.Generator, image: Floats, shade: Floats
) -> Floats:
    if not len(tissue.droplets):
        return image
    grey = tissue.droplets.grey[section.which].astype(np.float32)
    grey = (
        grey - 7 * np.exp(-np.maximum(section.nearest, 0) / 5) + 3.5 * grain(rng, tissue.plane, 4.0)
    )
    image = mix(image, grey.astype(np.float32), inside(section.nearest))
    image = mix(image, MEMBRANE + 4, ring(section.nearest, 0.2, 1.5) * 0.7)
    between = ring(section.nearest - section.second, 0.0, 2.0) * inside(section.second + 2, 1)
    return mix(image, MEMBRANE + 8, between * inside(section.nearest) * 0.6)
