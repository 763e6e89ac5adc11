"""Prediction: a cube block by block along z, in memory that does not grow with its depth."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from models.config import PredictConfig
from models.networks.checkpoint import Checkpoint, load_checkpoint
from models.networks.device import autocast, pick_device, threads
from models.networks.scores import patch_grid, patch_scores, pool
from models.networks.segmenter import Segmenter
from models.networks.tiles import ramp, spans
from models.networks.types import SliceSource, scale_intensity

SAME_PIXELS = 0.05
"""Relative difference in pixel size up to which a model is used without resampling."""
ENCODED_AT_ONCE = 4
"""Slices that go through the encoder together."""


@dataclass(frozen=True, slots=True, eq=False)
class PredictedBlock:
    """A proposal for the slices z0 <= z < z0 + dz.

    probabilities: (K, dz, H, W) float32, for each foreground class.
    patch_scores: by name (models.networks.scores.SCORES, and `flip_disagreement` where flips are
        averaged), each (dz, PY, PX) float32.
    """

    z0: int
    probabilities: NDArray[np.float32]
    patch_scores: dict[str, NDArray[np.float32]]


def block_depth(shape: tuple[int, ...], classes: int, config: PredictConfig) -> int:
    """Slices in a block of a cube of shape (Z, H, W): fewer where slices are large."""
    slice_bytes = 4 * classes * shape[1] * shape[2]
    return max(1, min(config.block, config.block_megabytes * 2**20 // max(slice_bytes, 1)))


def predict(
    model: Checkpoint | Path,
    image: SliceSource,
    low: float,
    high: float,
    config: PredictConfig,
    *,
    start: int = 0,
    voxel_size: tuple[float, float, float] | None = None,
) -> Iterator[PredictedBlock]:
    """Predict a cube (ZYX) with robust intensity range [low, high], one block after another.

    A block reads its own slices and `halo` more on either side, and nothing else: memory does not
    depend on the cube's depth, and blocks do not depend on each other. `start` is the first slice
    still to be predicted, a multiple of block_depth: what follows is the same as in one go.
    `voxel_size` (z, y, x) of the cube, where its pixels differ from those the model learned from,
    makes slices be resampled to the model's and probabilities back.

    Raises ValueError where `start` is not the beginning of a block, CheckpointError where the
    model cannot be read.
    """
    device = pick_device(config.device)
    checkpoint = load_checkpoint(model, device) if isinstance(model, Path) else model
    checkpoint.segmenter.to(device)
    checkpoint.discriminator.to(device)
    shape = tuple(int(n) for n in image.shape)
    depth = block_depth(shape, len(checkpoint.meta.classes), config)
    if start % depth or start < 0:
        raise ValueError(f"A prediction of this cube resumes at multiples of {depth}, not {start}.")
    size = _model_size(shape, voxel_size, checkpoint.meta.voxel_size)
    for z0 in range(start, shape[0], depth):
        z1 = min(z0 + depth, shape[0])
        first, last = max(0, z0 - config.halo), min(shape[0], z1 + config.halo)
        with threads(config.threads), torch.inference_mode():
            slab = torch.from_numpy(scale_intensity(image[first:last], low, high)).to(device)
            given = slab if size == shape[1:] else _resize(slab[:, None], size)[:, 0]
            with autocast(device, config.precision):
                shares, spread = _block_shares(
                    checkpoint.segmenter, given, range(z0 - first, z1 - first), config
                )
            scores = _block_scores(checkpoint, given, z0 - first, shares, spread, config, shape)
            if size != shape[1:]:
                shares = _resize(shares.transpose(0, 1), shape[1:]).transpose(0, 1)
            probabilities = shares.clamp_(0.0, 1.0).contiguous().cpu().numpy()
        yield PredictedBlock(z0, probabilities, scores)


def _block_shares(
    segmenter: Segmenter, slab: Tensor, core: range, config: PredictConfig
) -> tuple[Tensor, Tensor | None]:
    """Probabilities (K, dz, H, W) of the core slices, and their spread (dz, H, W) under flips."""
    height, width = slab.shape[1:]
    classes = segmenter.config.classes
    total = slab.new_zeros(classes, len(core), height, width)
    spread = slab.new_zeros(len(core), height, width) if config.flips else None
    covered = slab.new_zeros(height, width)
    for y0, y1 in spans(height, config.tile, config.overlap):
        for x0, x1 in spans(width, config.tile, config.overlap):
            weight = torch.outer(
                ramp(y0, y1, height, config.overlap), ramp(x0, x1, width, config.overlap)
            ).to(slab.device)
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
    mean: Tensor | None = None
    foregrounds: list[Tensor] = []
    for flipped in axes:
        shares = window_shares(segmenter, slab.flip(flipped), core).flip(flipped)
        mean = shares if mean is None else mean + shares
        if flips:
            foregrounds.append(shares.sum(dim=0))
    assert mean is not None
    spread = torch.stack(foregrounds).std(dim=0, correction=0) if flips else None
    return mean / len(axes), spread


def window_shares(segmenter: Segmenter, slab: Tensor, core: range) -> Tensor:
    """Probabilities (K, dz, h, w) of the core slices of a slab (n, h, w), slice by slice.

    The same as the segmenter's forward pass, except that slices are encoded few at a time, and of
    those outside the core only what the ConvLSTM needs is kept.
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


def _block_scores(
    checkpoint: Checkpoint,
    slab: Tensor,
    offset: int,
    shares: Tensor,
    spread: Tensor | None,
    config: PredictConfig,
    shape: tuple[int, ...],
) -> dict[str, NDArray[np.float32]]:
    """Patch scores of a block on the grid of the cube's own pixels, each (dz, PY, PX)."""
    if not config.scores:
        return {}
    rows: dict[str, list[NDArray[np.float32]]] = {}
    for i in range(shares.shape[1]):
        found = patch_scores(checkpoint.discriminator, slab[offset + i], shares[:, i], config.patch)
        if spread is not None:
            found["flip_disagreement"] = pool(spread[i], config.patch).cpu().numpy()
        for name, score in found.items():
            rows.setdefault(name, []).append(score)
    maps = {name: np.stack(score) for name, score in rows.items()}
    if tuple(slab.shape[1:]) == shape[1:]:
        return maps
    grid = patch_grid(shape[1], shape[2], config.patch)
    return {
        name: F.interpolate(torch.from_numpy(each)[None], grid, mode="bilinear")[0].numpy()
        for name, each in maps.items()
    }


def _model_size(
    shape: tuple[int, ...],
    voxel_size: tuple[float, float, float] | None,
    model: tuple[float, float, float],
) -> tuple[int, int]:
    """Height and width of a slice in pixels of the model's size."""
    if voxel_size is None:
        return shape[1], shape[2]
    ratios = [mine / its for mine, its in zip(voxel_size[1:], model[1:], strict=True)]
    if all(abs(ratio - 1.0) <= SAME_PIXELS for ratio in ratios):
        return shape[1], shape[2]
    return max(1, round(shape[1] * ratios[0])), max(1, round(shape[2] * ratios[1]))


def _resize(planes: Tensor, size: tuple[int, ...]) -> Tensor:
    """Resample (N, C, H, W) to another height and width."""
    return F.interpolate(planes, size=size, mode="bilinear", antialias=True)
