"""What is drawn: a square slice with its blobs, and the same strokes for every program."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

SIDE = 4096
"""Of the slice that budgets are for, in pixels; places below are given on it."""
LARGE = 8192
"""Of the largest slice that is drawn on."""
DEPTH = 3
BRUSH = 40
"""Diameter in pixels of the slice."""
STROKES = 12
EVENTS = 40
"""Pointer events of a stroke."""
LASSOS = 20
FILLS = 20
_ROUND = 100
"""Radius of a blob."""

Spot = tuple[float, float]


@dataclass(frozen=True)
class Script:
    """side: of the slice; strokes and lassos: paths of (x, y); fills: places (x, y) in blobs."""

    side: int
    strokes: list[list[Spot]]
    lassos: list[list[Spot]]
    fills: list[Spot]


def script(side: int = SIDE) -> Script:
    """The same picture on a slice of any size; the brush is as wide everywhere."""
    times = side / SIDE

    def larger(path: list[Spot]) -> list[Spot]:
        return [(x * times, y * times) for x, y in path]

    return Script(
        side, [*map(larger, _strokes())], [*map(larger, _lassos())], larger(_centres()[:FILLS])
    )


def labels(side: int = SIDE) -> NDArray[np.uint8]:
    """(side, side): round blobs of class 1 on a grid."""
    times = side // SIDE
    radius = _ROUND * times
    mask = np.zeros((side, side), np.uint8)
    y, x = np.ogrid[-radius : radius + 1, -radius : radius + 1]
    disc = x * x + y * y <= radius * radius
    for cx, cy in _centres():
        top, left = int(cy) * times - radius, int(cx) * times - radius
        mask[top : top + 2 * radius + 1, left : left + 2 * radius + 1][disc] = 1
    return mask


def image(side: int = SIDE) -> NDArray[np.uint8]:
    """(DEPTH, side, side): noise as a micrograph has it, and the blobs darker."""
    rng = np.random.default_rng(11)
    tile: NDArray[Any] = rng.normal(150, 22, (1024, 1024)).astype(np.float32)
    plane = np.tile(tile, (side // 1024, side // 1024)) - np.float32(55) * labels(side)
    return np.stack([np.clip(plane + 3 * z, 0, 255).astype(np.uint8) for z in range(DEPTH)])


def _centres() -> list[Spot]:
    """Of the blobs: in the lower half, so that strokes and lassos find empty ground above."""
    return [(400.0 + 520 * (i % 7), 2300.0 + 420 * (i // 7)) for i in range(28)]


def _strokes() -> list[list[Spot]]:
    found = []
    for number in range(STROKES):
        y = 180.0 + 80 * number
        x = np.linspace(300, 3700, EVENTS)
        waves = y + 60 * np.sin(np.arange(EVENTS) / 3 + number)
        found.append([(float(a), float(b)) for a, b in zip(x, waves, strict=True)])
    return found


def _lassos() -> list[list[Spot]]:
    found = []
    for number in range(LASSOS):
        cx, cy = 300.0 + 380 * (number % 10), 1450.0 + 320 * (number // 10)
        turn = np.linspace(0, 2 * np.pi, EVENTS)
        wobble = 110 + 20 * np.sin(5 * turn)
        path = zip(cx + wobble * np.cos(turn), cy + wobble * np.sin(turn), strict=True)
        found.append([(float(a), float(b)) for a, b in path])
    return found
