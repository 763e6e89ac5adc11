"""Tiles: how a large slice is cut up, and how its predictions are put together without seams."""

from typing import NamedTuple

import torch
from torch import Tensor


class Box(NamedTuple):
    """Part of a slice: rows y0 <= y < y1, columns x0 <= x < x1."""

    y0: int
    y1: int
    x0: int
    x1: int

    def meets(self, other: "Box") -> bool:
        """Whether they share a pixel."""
        return (
            self.y0 < other.y1 and other.y0 < self.y1 and self.x0 < other.x1 and other.x0 < self.x1
        )


def spans(length: int, tile: int, overlap: int) -> list[tuple[int, int]]:
    """(start, stop) of equal tiles along an axis, at most `tile` long, overlapping by `overlap`."""
    if length <= tile:
        return [(0, length)]
    if not 0 <= overlap < tile:
        raise ValueError(f"Tiles of {tile} pixels cannot overlap by {overlap}.")
    count = -(-(length - overlap) // (tile - overlap))
    size = -(-(length + (count - 1) * overlap) // count)
    starts = [round(i * (length - size) / (count - 1)) for i in range(count)]
    return [(start, start + size) for start in starts]


def ramp(start: int, stop: int, length: int, overlap: int) -> Tensor:
    """Weights of a tile's pixels along an axis: falling over the overlap, full at the cube's edge.

    float32, (stop - start,), all above 0.
    """
    weight = torch.ones(stop - start)
    width = min(overlap, stop - start)
    if width:
        rise = (torch.arange(width) + 1.0) / (width + 1.0)
        if start > 0:
            weight[:width] = torch.minimum(weight[:width], rise)
        if stop < length:
            weight[-width:] = torch.minimum(weight[-width:], rise.flip(0))
    return weight
