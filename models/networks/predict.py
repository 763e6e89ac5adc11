"""Prediction: a cube block by block along z, in memory that does not grow with its depth."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from models.config import PredictConfig
from models.networks.checkpoint import Checkpoint, CheckpointError, load_checkpoint
from models.networks.device import autocast, pick_device, threads
from models.networks.neighbours import Neighbours
from models.networks.resample import at_pixels_of, model_size, resize
from models.networks.scores import patch_grid, pool
from models.networks.stream import VIEWS, Beside, slab_shares
from models.networks.tiles import Box
from models.networks.types import SliceSource, TrainingCube, TrainingSlice, scale_intensity

KNOWN_MEGABYTES = 128
"""Memory for the images of known slices, as float16; two are kept at least."""
RESAMPLED = 2
"""Pixels beside a place that resampling looks at."""


@dataclass(frozen=True, slots=True, eq=False)
class PredictedBlock:
    """A proposal for the slices z0 <= z < z0 + dz.

    probabilities: (K, dz, H, W) float32, for each foreground class.
    disagreement: (dz, PY, PX) float32, how far the foreground of mirrored views differs, as means
        over patches; None where there is one view, or where parts alone were asked for.
    """

    z0: int
    probabilities: NDArray[np.float32]
    disagreement: NDArray[np.float32] | None


def views_of(model: Checkpoint, config: PredictConfig) -> tuple[tuple[int, ...], ...]:
    """The views that are averaged: only mirrored ones such as the model was trained on."""
    if config.mirrors not in VIEWS:
        raise ValueError(f"Of mirrored views there are {', '.join(map(str, VIEWS))}.")
    return VIEWS[config.mirrors if model.meta.training.get("flips", True) else 1]


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
    known: Mapping[int, TrainingSlice] | None = None,
    start: int = 0,
    only: Mapping[int, Sequence[Box]] | None = None,
    voxel_size: tuple[float, float, float] | None = None,
) -> Iterator[PredictedBlock]:
    """Predict a cube (ZYX) with robust intensity range [low, high], one block after another.

    A block reads its own slices, `halo` more on either side, and the known ones in reach: memory
    does not depend on the cube's depth, and blocks do not depend on each other. `known` are agreed
    labels by z, in the model's classes; no slice is predicted from its own. `start` is the first
    slice still to be predicted, a multiple of block_depth: what follows is the same as in one go.
    `only`: what is wanted of which slices, in the cube's pixels: the rest is 0 where it is not
    needed, and blocks with nothing wanted are left out.
    `voxel_size` (z, y, x) of the cube, where its pixels differ from those the model learned from,
    makes slices be resampled to the model's and probabilities back.

    Raises ValueError where `start` is not the beginning of a block, CheckpointError where the
    model cannot be read or has no classes.
    """
    device = pick_device(config.device)
    checkpoint = load_checkpoint(model, device) if isinstance(model, Path) else model
    if not checkpoint.meta.classes:
        raise CheckpointError(
            "This model was pretrained without labels and knows no classes; train from it first."
        )
    checkpoint.segmenter.to(device)
    shape = tuple(int(n) for n in image.shape)
    depth = block_depth(shape, len(checkpoint.meta.classes), config)
    if start % depth or start < 0:
        raise ValueError(f"A prediction of this cube resumes at multiples of {depth}, not {start}.")
    size = model_size(shape, voxel_size, checkpoint.meta.voxel_size)
    neighbours = _neighbours(checkpoint, image, low, high, known or {}, voxel_size)
    for z0 in range(start, shape[0], depth):
        z1 = min(z0 + depth, shape[0])
        asked = [z for z in range(z0, z1) if only is None or only.get(z)]
        if not asked:
            continue
        first, last = max(0, z0 - config.halo), min(shape[0], z1 + config.halo)
        with threads(config.threads), torch.inference_mode():
            slab = torch.from_numpy(scale_intensity(image[first:last], low, high)).to(device)
            given = slab if size == shape[1:] else resize(slab[:, None], size)[:, 0]
            with autocast(device, config.precision):
                shares, spread = slab_shares(
                    checkpoint.segmenter,
                    given,
                    [z - first for z in asked],
                    config,
                    Beside.slab(neighbours, range(first, last), size),
                    views_of(checkpoint, config),
                    only and {z - first: [_scaled(b, shape, size) for b in only[z]] for z in asked},
                )
            if only is not None:
                shares, spread = _among(shares, asked, range(z0, z1)), None
            disagreement = _by_patch(spread, config.patch, shape)
            if size != shape[1:]:
                shares = resize(shares.transpose(0, 1), shape[1:]).transpose(0, 1)
            probabilities = shares.clamp_(0.0, 1.0).contiguous().cpu().numpy()
        yield PredictedBlock(z0, probabilities, disagreement)


def _scaled(box: Box, shape: tuple[int, ...], size: tuple[int, int]) -> Box:
    """A part of a slice (H, W) of the cube in the model's pixels, with what resampling looks at."""
    if size == shape[1:]:
        return box
    down, across = size[0] / shape[1], size[1] / shape[2]
    return Box(
        math.floor(box.y0 * down) - RESAMPLED,
        math.ceil(box.y1 * down) + RESAMPLED,
        math.floor(box.x0 * across) - RESAMPLED,
        math.ceil(box.x1 * across) + RESAMPLED,
    )


def _among(shares: Tensor, asked: Sequence[int], block: range) -> Tensor:
    """(K, dz, h, w) of a whole block from those of some of its slices; 0 elsewhere."""
    every = shares.new_zeros(shares.shape[0], len(block), *shares.shape[2:])
    every[:, [z - block.start for z in asked]] = shares
    return every


def _neighbours(
    checkpoint: Checkpoint,
    image: SliceSource,
    low: float,
    high: float,
    known: Mapping[int, TrainingSlice],
    voxel_size: tuple[float, float, float] | None,
) -> Neighbours:
    """The known slices at the model's pixel size; of their images a few are kept in memory."""
    meta = checkpoint.meta
    cube = TrainingCube(image, low, high, known, voxel_size or meta.voxel_size)
    if known:
        cube = at_pixels_of(cube, meta.voxel_size)

    pixels = math.prod(int(n) for n in cube.image.shape[1:])

    @lru_cache(maxsize=max(2, KNOWN_MEGABYTES * 2**20 // max(2 * pixels, 1)))
    def plane(z: int) -> NDArray[np.float16]:
        scaled = scale_intensity(cube.image[z : z + 1], low, high)[0]
        half: NDArray[np.float16] = scaled.astype(np.float16)
        return half

    return Neighbours(cube.known, meta.classes, plane)


def _by_patch(
    spread: Tensor | None, patch: int, shape: tuple[int, ...]
) -> NDArray[np.float32] | None:
    """Means (dz, PY, PX) over patches of the cube's own pixels, from (dz, h, w) of the model's."""
    if spread is None:
        return None
    maps = torch.stack([pool(plane, patch) for plane in spread.float()])
    if tuple(spread.shape[1:]) != shape[1:]:
        grid = patch_grid(shape[1], shape[2], patch)
        maps = F.interpolate(maps[None], grid, mode="bilinear")[0]
    found: NDArray[np.float32] = maps.cpu().numpy()
    return found
