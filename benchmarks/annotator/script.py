"""What is drawn: a slice of 4096 x 4096 with its blobs, and the same strokes for every program."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

SIDE = 4096
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
    """strokes and lassos: paths of (x, y); fills: places (x, y) inside blobs."""

    strokes: list[list[Spot]]
    lassos: list[list[Spot]]
    fills: list[Spot]


def script() -> Script:
    return Script(_strokes(), _lassos(), _centres()[:FILLS])


def labels() -> NDArray[np.uint8]:
    """(SIDE, SIDE): round blobs of class 1 on a grid."""
    mask = np.zeros((SIDE, SIDE), np.uint8)
    y, x = np.ogrid[-_ROUND : _ROUND + 1, -_ROUND : _ROUND + 1]
    disc = x * x + y * y <= _ROUND * _ROUND
    for cx, cy in _centres():
        part = mask[
            int(cy) - _ROUND : int(cy) + _ROUND + 1, int(cx) - _ROUND : int(cx) + _ROUND + 1
        ]
        part[disc] = 1
    return mask


def image() -> NDArray[np.uint8]:
    """(DEPTH, SIDE, SIDE): noise as a micrograph has it, and the blobs darker."""
    rng = np.random.default_rng(11)
    tile: NDArray[Any] = rng.normal(150, 22, (1024, 1024))
    plane = np.tile(tile, (SIDE // 1024, SIDE // 1024)) - 55.0 * labels()
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
