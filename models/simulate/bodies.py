"""Where things lie in the phantom: droplets, mitochondria, nuclei and the rest, as arrays of
shapes.

All lengths are in-plane pixels, z included; positions are ZYX.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Balls:
    """Nearly round bodies: centre (N, 3), radius (N,), grey (N,), wobble (N, 4) of the outline."""

    centre: Reals
    radius: Reals
    grey: Reals
    wobble: Reals

    def __len__(self) -> int:
        return len(self.radius)


@dataclass(frozen=True, slots=True, eq=False)
class Rods:
    """Capsules (mitochondria): two ends (N, 3), radius (N,), grey (N,)."""

    start: Reals
    end: Reals
    radius: Reals
    grey: Reals

    def __len__(self) -> int:
        return len(self.radius)


def nothing() -> Balls:
    """No bodies."""
    return Balls(np.empty((0, 3)), np.empty(0), np.empty(0), np.empty((0, 4)))


def balls(
    rng: np.random.Generator,
    extent: Reals,
    radii: Reals,
    grey: tuple[float, float],
    *,
    wobble: float,
    avoid: tuple[Balls, ...] = (),
    touching: float = 0.0,
    gap: float = 2.0,
) -> Balls:
    """Balls of the given radii, largest first, placed at random without sinking into each other.

    A share `touching` of them is set against one placed before, slightly pressed in. Balls may
    reach over the edges of the stack. One for which no place is found in 40 trials is left out.
    """
    centres: list[Reals] = []
    kept: list[float] = []
    walls_c = np.concatenate([b.centre for b in avoid] + [np.empty((0, 3))])
    walls_r = np.concatenate([b.radius for b in avoid] + [np.empty(0)])
    for radius in np.sort(radii)[::-1]:
        for _ in range(40):
            if kept and rng.random() < touching:
                beside = int(rng.integers(len(kept)))
                way = rng.standard_normal(3)
                reach = (kept[beside] + radius) * rng.uniform(0.93, 1.0)
                centre = centres[beside] + way / np.linalg.norm(way) * reach
                if (centre < 0).any() or (centre > extent).any():
                    continue
            else:
                centre = rng.random(3) * extent
            if _clear(centre, radius, walls_c, walls_r, gap) and _clear(
                centre, radius, np.array(centres).reshape(-1, 3), np.array(kept), -0.08 * radius
            ):
                centres.append(centre)
                kept.append(float(radius))
                break
    n = len(kept)
    wobbles = rng.standard_normal((n, 4)) * wobble
    return Balls(
        np.array(centres).reshape(-1, 3),
        np.array(kept),
        rng.normal(grey[0], grey[1], n),
        wobbles,
    )


def _clear(centre: Reals, radius: float, others: Reals, radii: Reals, gap: float) -> bool:
    if not len(others):
        return True
    distance = np.linalg.norm(others - centre, axis=1)
    return bool((distance > radii + radius + gap).all())


def rods(
    rng: np.random.Generator,
    extent: Reals,
    count: int,
    avoid: tuple[Balls, ...],
) -> Rods:
    """Mitochondria: short capsules in all directions, clear of what they should not cross."""
    walls_c = np.concatenate([b.centre for b in avoid] + [np.empty((0, 3))])
    walls_r = np.concatenate([b.radius for b in avoid] + [np.empty(0)])
    found: list[tuple[Reals, Reals, float]] = []
    middles = np.empty((0, 3))
    for _ in range(count * 6):
        if len(found) >= count:
            break
        radius = float(rng.uniform(8, 13))
        way = rng.standard_normal(3)
        way /= np.linalg.norm(way)
        half = way * rng.uniform(4, 26)
        middle = rng.random(3) * extent
        along = middle + half * np.linspace(-1, 1, 5)[:, None]
        if not all(_clear(p, radius, walls_c, walls_r, 3.0) for p in along):
            continue
        if len(middles) and (np.linalg.norm(middles - middle, axis=1) < 2.1 * radius).any():
            continue
        middles = np.vstack([middles, middle])
        found.append((middle - half, middle + half, radius))
    return Rods(
        np.array([f[0] for f in found]).reshape(-1, 3),
        np.array([f[1] for f in found]).reshape(-1, 3),
        np.array([f[2] for f in found]),
        rng.normal(92, 7, len(found)),
    )
