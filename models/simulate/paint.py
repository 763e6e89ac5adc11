"""Signed distances of bodies in one section, and the greys they leave there."""

import numpy as np
from numpy.typing import NDArray

from models.labels import Floats
from models.simulate.bodies import Balls, Rods

FAR = np.float32(-1e3)


class Section:
    """One plane at a depth: `nearest` (H, W) signed distance to the nearest body (positive inside),
    `second` to the next, `which` (H, W) index of the nearest."""

    def __init__(self, plane: tuple[int, int]) -> None:
        self.nearest: Floats = np.full(plane, FAR, dtype=np.float32)
        self.second: Floats = np.full(plane, FAR, dtype=np.float32)
        self.which: NDArray[np.int32] = np.zeros(plane, dtype=np.int32)

    def add(self, y0: int, x0: int, distance: Floats, index: int) -> None:
        """A body's signed distances in a box at (y0, x0)."""
        window = (
            slice(y0, y0 + distance.shape[0]),
            slice(x0, x0 + distance.shape[1]),
        )
        before = self.nearest[window]
        closer = distance > before
        self.second[window] = np.where(closer, before, np.maximum(self.second[window], distance))
        self.nearest[window] = np.where(closer, distance, before)
        self.which[window] = np.where(closer, index, self.which[window])


def section_of_balls(balls: Balls, depth: float, plane: tuple[int, int], margin: float) -> Section:
    """Distances to balls in the plane at `depth`, exact to the outline's wobble, within
    `margin`."""
    section = Section(plane)
    for i in range(len(balls)):
        z, cy, cx = balls.centre[i]
        radius = float(balls.radius[i])
        reach = radius * 1.2 + margin
        if abs(z - depth) > reach:
            continue
        box = _box(cy, cx, reach, plane)
        if box is None:
            continue
        y0, y1, x0, x1 = box
        y = np.arange(y0, y1, dtype=np.float32)[:, None] - np.float32(cy)
        x = np.arange(x0, x1, dtype=np.float32)[None] - np.float32(cx)
        a, b, c, d = (np.float32(v) for v in balls.wobble[i])
        distance = np.sqrt(y * y + x * x + np.float32((z - depth) ** 2)) + np.float32(1e-3)
        cos, sin = x / distance, y / distance
        outline = radius * (
            1 + a * (cos * cos - sin * sin) + b * 2 * cos * sin + c * cos * (4 * cos * cos - 3)
            + d * sin * (3 - 4 * sin * sin)
        )  # fmt: skip
        section.add(y0, x0, (outline - distance).astype(np.float32), i)
    return section


def section_of_rods(
    rods: Rods, depth: float, plane: tuple[int, int], margin: float
) -> tuple[Section, Floats]:
    """Distances to capsules in the plane at `depth`, and the coordinate along each one's axis
    (pixels)."""
    section = Section(plane)
    along = np.zeros(plane, dtype=np.float32)
    for i in range(len(rods)):
        start, end, radius = rods.start[i], rods.end[i], float(rods.radius[i])
        reach = radius + margin
        if min(start[0], end[0]) - reach > depth or max(start[0], end[0]) + reach < depth:
            continue
        middle, half = (start + end) / 2, np.abs(end - start) / 2
        box = _box(middle[1], middle[2], reach, plane, half[1], half[2])
        if box is None:
            continue
        y0, y1, x0, x1 = box
        y = np.arange(y0, y1, dtype=np.float32)[:, None]
        x = np.arange(x0, x1, dtype=np.float32)[None]
        way = (end - start).astype(np.float32)
        length = max(float(np.linalg.norm(way)), 1e-3)
        dz, dy, dx = np.float32(depth - start[0]), y - start[1], x - start[2]
        t = (dz * way[0] + dy * way[1] + dx * way[2]) / length**2
        clipped = np.clip(t, 0, 1)
        distance = np.sqrt(
            (dz - clipped * way[0]) ** 2
            + (dy - clipped * way[1]) ** 2
            + (dx - clipped * way[2]) ** 2
        )
        values = (radius - distance).astype(np.float32)
        window = (slice(y0, y1), slice(x0, x1))
        along[window] = np.where(values > section.nearest[window], t * length, along[window])
        section.add(y0, x0, values, i)
    return section, along


def _box(
    cy: float, cx: float, reach: float, plane: tuple[int, int], more_y: float = 0, more_x: float = 0
) -> tuple[int, int, int, int] | None:
    y0, y1 = max(0, int(cy - reach - more_y)), min(plane[0], int(cy + reach + more_y) + 2)
    x0, x1 = max(0, int(cx - reach - more_x)), min(plane[1], int(cx + reach + more_x) + 2)
    return (y0, y1, x0, x1) if y1 > y0 and x1 > x0 else None


def mix(image: Floats, grey: Floats | float, share: Floats) -> Floats:
    """(H, W) image with `grey` laid over it by `share` 0..1."""
    result: Floats = (image + (grey - image) * share).astype(np.float32)
    return result


def inside(distance: Floats, softness: float = 1.0) -> Floats:
    """(H, W) float32 0..1: 1 inside, 0 outside, a linear edge `softness` pixels wide."""
    result: Floats = np.clip(distance / softness + 0.5, 0, 1).astype(np.float32)
    return result


def ring(distance: Floats, at: float, width: float) -> Floats:
    """(H, W) float32 0..1: a line `width` pixels wide where the signed distance is `at`."""
    result: Floats = np.clip(1.5 - np.abs(distance - at) / (width / 2), 0, 1).astype(np.float32)
    return result
