"""A slab of slices through the segmenter, in little memory: few slices and one tile at a time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from torch import Tensor

from models.config import PredictConfig
from models.networks.neighbours import Indices, Neighbours
from models.networks.segmenter import Segmenter
from models.networks.tiles import Box, ramp, spans

ENCODED_AT_ONCE = 4
"""Slices of SIDE_AT_ONCE pixels a side that go through the encoder together; more smaller ones."""
DECODED_AT_ONCE = 1
"""The same of the decoder, which keeps more of each."""
SIDE_AT_ONCE = 320
LEAST_SIDE = 64
"""Slices are not counted as smaller than this: a layer's call costs as much as so many pixels."""

VIEWS: dict[int, tuple[tuple[int, ...], ...]] = {
    1: ((),),
    2: ((), (0, 2)),
    4: ((), (0,), (2,), (0, 2)),
}
"""By PredictConfig.mirrors: axes of a slab (n, H, W) along which each view of it is mirrored. Never
in y, in which training mirrors nothing: many an image knows an up and a down."""


@dataclass(frozen=True, slots=True, eq=False)
class Beside:
    """What is known on either side of the slices of a slab (n, h, w), tile by tile.

    slices: the slab's, by their z in the cube; rows, columns: its pixels; mirrored: the axes along
    which it is turned round; found: what was looked up for a tile, which all its views share.
    """

    neighbours: Neighbours
    slices: range
    rows: Indices
    columns: Indices
    mirrored: tuple[int, ...] = ()
    found: dict[int, Tensor] = field(default_factory=dict)

    @classmethod
    def slab(cls, neighbours: Neighbours, slices: range, size: Sequence[int]) -> "Beside":
        """Of whole slices of this height and width."""
        rows, columns = (np.arange(length) for length in size)
        return cls(neighbours, slices, rows, columns)

    def cut(self, rows: slice, columns: slice) -> "Beside":
        """The same of a tile."""
        return replace(self, rows=self.rows[rows], columns=self.columns[columns], found={})

    def flip(self, axes: tuple[int, ...]) -> "Beside":
        """The same of the slab mirrored along some of its axes."""
        return replace(self, mirrored=axes)

    def at(self, z: int) -> Tensor:
        """(1, 2, K + 2, h, w): beside slice z of the slab."""
        own = self.slices[-1 - z] if 0 in self.mirrored else self.slices[z]
        if own not in self.found:
            beside = self.neighbours.beside(own, self.rows, self.columns)
            self.found[own] = torch.from_numpy(beside)
        # Axes of the slab, as those of (2, K + 2, h, w): along z, below and above change places.
        return self.found[own].flip([(0, 2, 3)[axis] for axis in self.mirrored])[None]


def slab_shares(
    segmenter: Segmenter,
    slab: Tensor,
    core: Sequence[int],
    config: PredictConfig,
    beside: Beside,
    views: Sequence[tuple[int, ...]] = VIEWS[1],
    wanted: Mapping[int, Sequence[Box]] | None = None,
) -> tuple[Tensor, Tensor | None]:
    """Probabilities (K, dz, H, W) of the core slices of a slab (n, H, W), scaled to [-1, 1].

    The other slices of the slab are context for the ConvLSTM. The second value is how far the
    probability of foreground differs between views, (dz, H, W), where there are several.
    wanted: by core slice, what is asked for: tiles without any of it are left out and stay 0.
    """
    height, width = slab.shape[1:]
    total = slab.new_zeros(segmenter.config.classes, len(core), height, width)
    spread = slab.new_zeros(len(core), height, width) if len(views) > 1 else None
    covered = slab.new_zeros(len(core), height, width)
    for y0, y1 in spans(height, config.tile, config.overlap):
        for x0, x1 in spans(width, config.tile, config.overlap):
            at = [
                i
                for i, z in enumerate(core)
                if wanted is None or any(box.meets(Box(y0, y1, x0, x1)) for box in wanted[z])
            ]
            if not at:
                continue
            down, across = (
                ramp(y0, y1, height, config.overlap),
                ramp(x0, x1, width, config.overlap),
            )
            weight = torch.outer(down, across).to(slab.device)
            shares, tile_spread = _tile_shares(
                segmenter,
                slab[:, y0:y1, x0:x1],
                [core[i] for i in at],
                views,
                beside.cut(slice(y0, y1), slice(x0, x1)),
            )
            total[:, at, y0:y1, x0:x1] += shares * weight
            covered[at, y0:y1, x0:x1] += weight
            if spread is not None and tile_spread is not None:
                spread[at, y0:y1, x0:x1] += tile_spread * weight
    if wanted is not None:
        covered[covered == 0.0] = 1.0
    total /= covered
    return total, None if spread is None else spread / covered


def _tile_shares(
    segmenter: Segmenter,
    slab: Tensor,
    core: Sequence[int],
    views: Sequence[tuple[int, ...]],
    beside: Beside,
) -> tuple[Tensor, Tensor | None]:
    """Probabilities (K, dz, h, w) of a tile, and how far its foreground differs between views."""
    every = []
    for axes in views:
        inside = [len(slab) - 1 - z for z in reversed(core)] if 0 in axes else core
        shares = window_shares(segmenter, slab.flip(axes), inside, beside.flip(axes))
        every.append(shares.flip([1 + axis for axis in axes]))
    if len(every) == 1:
        return every[0], None
    mean = torch.stack(every).mean(dim=0)
    foreground = torch.stack([shares.sum(dim=0) for shares in every])
    return mean, foreground.std(dim=0, correction=0)


def window_shares(
    segmenter: Segmenter, slab: Tensor, core: Sequence[int], beside: Beside
) -> Tensor:
    """Probabilities (K, dz, h, w) of the core slices of a slab (n, h, w), without tiles.

    The same as the segmenter's forward pass, except that slices are encoded and decoded few at a
    time, and of those outside the core only what the ConvLSTM needs is kept.
    """
    depth, height, width = slab.shape
    asked = frozenset(core)
    deep: list[list[Tensor]] = [[] for _ in segmenter.along_z]
    fine: list[list[Tensor]] = [[] for _ in range(segmenter.first_recurrent)]
    encoded = at_once(ENCODED_AT_ONCE, height, width)
    for z in range(0, depth, encoded):
        levels = segmenter.encode(slab[z : z + encoded, None])
        for kept, level in zip(deep, levels[segmenter.first_recurrent :], strict=True):
            kept.append(level)
        inside = [i for i in range(levels[0].shape[0]) if z + i in asked]
        for kept, level in zip(fine, levels, strict=False):
            kept += [level[i : i + 1].clone() for i in inside]
    related = [
        along_z(torch.cat(kept)[None])[0]
        for along_z, kept in zip(segmenter.along_z, deep, strict=True)
    ]
    result: list[Tensor] = []
    decoded = at_once(DECODED_AT_ONCE, height, width)
    for first in range(0, len(core), decoded):
        places = core[first : first + decoded]
        levels = [torch.cat(kept[first : first + decoded]) for kept in fine]
        levels += [torch.cat([level[z : z + 1] for z in places]) for level in related]
        shown = torch.cat([beside.at(z) for z in places]).to(slab.device)
        slices = torch.cat([slab[z : z + 1, None] for z in places])
        logits = segmenter.decode(segmenter.look_beside(levels, slices, shown), height, width)
        result.append(torch.softmax(logits, dim=1)[:, 1:])
    return torch.cat(result).transpose(0, 1)


def at_once(count: int, height: int, width: int) -> int:
    """How many slices take no more memory than ``count`` of the largest tiles."""
    pixels = max(height, LEAST_SIDE) * max(width, LEAST_SIDE)
    return max(count, count * SIDE_AT_ONCE**2 // pixels)
