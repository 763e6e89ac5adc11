"""Prediction: a cube block by block along z, in memory that does not grow with its depth."""

from collections.abc import Collection, Iterator, Mapping
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
from models.networks.scores import patch_grid, patch_scores, pool
from models.networks.stream import VIEWS, Beside, slab_shares
from models.networks.types import SliceSource, TrainingCube, TrainingSlice, scale_intensity

FLIP_DISAGREEMENT = "flip_disagreement"
"""Patch score: how far the foreground of mirrored views differs."""
KNOWN_KEPT = 8
"""Known slices whose images are kept in memory at once."""


@dataclass(frozen=True, slots=True, eq=False)
class PredictedBlock:
    """A proposal for the slices z0 <= z < z0 + dz.

    probabilities: (K, dz, H, W) float32, for each foreground class.
    patch_scores: by name (models.networks.scores.SCORES where they are asked for, and
        FLIP_DISAGREEMENT where several views are averaged), each (dz, PY, PX) float32.
    """

    z0: int
    probabilities: NDArray[np.float32]
    patch_scores: dict[str, NDArray[np.float32]]


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
    only: Collection[int] | None = None,
    voxel_size: tuple[float, float, float] | None = None,
) -> Iterator[PredictedBlock]:
    """Predict a cube (ZYX) with robust intensity range [low, high], one block after another.

    A block reads its own slices, `halo` more on either side, and the known ones in reach: memory
    does not depend on the cube's depth, and blocks do not depend on each other. `known` are agreed
    labels by z, in the model's classes; no slice is predicted from its own. `start` is the first
    slice still to be predicted, a multiple of block_depth: what follows is the same as in one go.
    `only`: slices that are wanted; blocks without any are left out.
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
    checkpoint.discriminator.to(device)
    shape = tuple(int(n) for n in image.shape)
    depth = block_depth(shape, len(checkpoint.meta.classes), config)
    if start % depth or start < 0:
        raise ValueError(f"A prediction of this cube resumes at multiples of {depth}, not {start}.")
    size = model_size(shape, voxel_size, checkpoint.meta.voxel_size)
    neighbours = _neighbours(checkpoint, image, low, high, known or {}, voxel_size)
    for z0 in range(start, shape[0], depth):
        z1 = min(z0 + depth, shape[0])
        if only is not None and not any(z0 <= z < z1 for z in only):
            continue
        first, last = max(0, z0 - config.halo), min(shape[0], z1 + config.halo)
        with threads(config.threads), torch.inference_mode():
            slab = torch.from_numpy(scale_intensity(image[first:last], low, high)).to(device)
            given = slab if size == shape[1:] else resize(slab[:, None], size)[:, 0]
            with autocast(device, config.precision):
                shares, spread = slab_shares(
                    checkpoint.segmenter,
                    given,
                    range(z0 - first, z1 - first),
                    config,
                    Beside.slab(neighbours, range(first, last), size),
                    views_of(checkpoint, config),
                )
            scores = _block_scores(checkpoint, given, z0 - first, shares, spread, config, shape)
            if size != shape[1:]:
                shares = resize(shares.transpose(0, 1), shape[1:]).transpose(0, 1)
            probabilities = shares.clamp_(0.0, 1.0).contiguous().cpu().numpy()
        yield PredictedBlock(z0, probabilities, scores)


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

    @lru_cache(maxsize=KNOWN_KEPT)
    def plane(z: int) -> NDArray[np.float16]:
        scaled = scale_intensity(cube.image[z : z + 1], low, high)[0]
        half: NDArray[np.float16] = scaled.astype(np.float16)
        return half

    return Neighbours(cube.known, meta.classes, plane)


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
    critic, patch = checkpoint.discriminator, config.patch
    rows: dict[str, list[NDArray[np.float32]]] = {}
    for i in range(shares.shape[1]):
        found: dict[str, NDArray[np.float32]] = {}
        if config.scores:
            found |= patch_scores(critic, slab[offset + i], shares[:, i], patch)
        if spread is not None:
            found[FLIP_DISAGREEMENT] = pool(spread[i], patch).cpu().numpy()
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
