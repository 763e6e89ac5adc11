"""A few masks of a tile, packed as volunteers' are: what lies in a row is what the codec writes."""

from dataclasses import dataclass

import numpy as np

from benchmarks.desks.sizes import TILE
from lamella.volumes import codec


@dataclass(frozen=True)
class Drawn:
    packed: bytes
    digest: str
    voxels: int


class Masks:
    """``masks[n]``: one of sixteen, some hundreds of bytes each."""

    def __init__(self) -> None:
        rows, columns = np.ogrid[:TILE, :TILE]
        self._drawn = [
            _pack(
                sum(
                    ((rows - y) ** 2 + (columns - x) ** 2 < radius**2)
                    for y, x, radius in _disks(number)
                )
                > 0
            )
            for number in range(16)
        ]
        self.empty = _pack(np.zeros((TILE, TILE), bool))

    def __getitem__(self, number: int) -> Drawn:
        return self._drawn[number % len(self._drawn)]


def _disks(number: int) -> list[tuple[int, int, int]]:
    rng = np.random.default_rng(number)
    return [
        (int(y), int(x), int(r))
        for y, x, r in zip(
            rng.integers(0, TILE, 3), rng.integers(0, TILE, 3), rng.integers(6, 20, 3), strict=True
        )
    ]


def _pack(mask: np.ndarray) -> Drawn:
    values = mask.astype(np.uint8)
    return Drawn(codec.pack(values), codec.mask_hash(values), int(mask.sum()))
