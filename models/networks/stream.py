"""A slab of slices through the segmenter, in little memory: few slices and one tile at a time."""

import torch
from torch import Tensor

from models.config import PredictConfig
from models.networks.segmenter import Segmenter
from models.networks.tiles import ramp, spans

ENCODED_AT_ONCE = 4
"""Slices that go through the encoder together."""


def slab_shares(
    segmenter: Segmenter, slab: Tensor, core: range, config: PredictConfig
) -> tuple[Tensor, Tensor | None]:
    """Probabilities (K, dz, H, W) of the core slices of a slab (n, H, W), scaled to [-1, 1].

    The other slices of the slab are context for the ConvLSTM. The second value is how far the
    probability of foreground differs under flips, (dz, H, W), where the configuration asks for it.
    """
    height, width = slab.shape[1:]
    total = slab.new_zeros(segmenter.config.classes, len(core), height, width)
    spread = slab.new_zeros(len(core), height, width) if config.flips else None
    covered = slab.new_zeros(height, width)
    for y0, y1 in spans(height, config.tile, config.overlap):
        for x0, x1 in spans(width, config.tile, config.overlap):
            down, across = (
                ramp(y0, y1, height, config.overlap),
                ramp(x0, x1, width, config.overlap),
            )
            weight = torch.outer(down, across).to(slab.device)
            shares, tile_spread = _tile_shares(segmenter, slab[:, y0:y1, x0:x1], core, config.flips)
            total[:, :, y0:y1, x0:x1] += shares * weight
            covered[y0:y1, x0:x1] += weight
            if spread is not None and tile_spread is not None:
                spread[:, y0:y1, x0:x1] += tile_spread * weight
    total /= covered
    return total, None if spread is None else spread / covered


def _tile_shares(
    segmenter: Segmenter, slab: Tensor, core: range, flips: bool
) -> tuple[Tensor, Tensor | None]:
    """Probabilities (K, dz, h, w) of a tile, and how far its foreground differs under flips."""
    axes: list[tuple[int, ...]] = [(), (-1,), (-2,), (-2, -1)] if flips else [()]
    every = [window_shares(segmenter, slab.flip(axis), core).flip(axis) for axis in axes]
    if not flips:
        return every[0], None
    mean = torch.stack(every).mean(dim=0)
    foreground = torch.stack([shares.sum(dim=0) for shares in every])
    return mean, foreground.std(dim=0, correction=0)


def window_shares(segmenter: Segmenter, slab: Tensor, core: range) -> Tensor:
    """Probabilities (K, dz, h, w) of the core slices of a slab (n, h, w), without tiles.

    The same as the segmenter's forward pass, except that slices are encoded few at a time and
    decoded one by one, and of those outside the core only what the ConvLSTM needs is kept.
    """
    depth, height, width = slab.shape
    deep: list[list[Tensor]] = [[] for _ in segmenter.along_z]
    fine: list[list[Tensor]] = [[] for _ in range(segmenter.first_recurrent)]
    for z in range(0, depth, ENCODED_AT_ONCE):
        levels = segmenter.encode(slab[z : z + ENCODED_AT_ONCE, None])
        for kept, level in zip(deep, levels[segmenter.first_recurrent :], strict=True):
            kept.append(level)
        inside = [i for i in range(levels[0].shape[0]) if z + i in core]
        for kept, level in zip(fine, levels, strict=False):
            kept += [level[i : i + 1].clone() for i in inside]
    related = [
        along_z(torch.cat(kept)[None])[0]
        for along_z, kept in zip(segmenter.along_z, deep, strict=True)
    ]
    result: list[Tensor] = []
    for i, z in enumerate(core):
        levels = [kept[i] for kept in fine] + [level[z : z + 1] for level in related]
        logits = segmenter.decode(levels, height, width)
        result.append(torch.softmax(logits, dim=1)[0, 1:])
    return torch.stack(result, dim=1)
