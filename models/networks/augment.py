"""Augmentation of training windows: what turning, the microscope and the knife really do."""

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from models.config import TrainConfig
from models.networks.data import Batch
from models.networks.neighbours import make

LARGEST_SHIFT = 0.06
"""Largest misalignment of a slice, as a share of the crop's side."""


def augment(batch: Batch, config: TrainConfig, rng: np.random.Generator) -> Batch:
    """A changed copy of a batch; labels follow their slices, and pixels moved in count nothing."""
    batch = turn(batch, config, rng)
    image, target, weight = (t.clone() for t in (batch.image, batch.target, batch.weight))
    beside = with_made(batch, rng)
    changed = Batch(
        image, batch.windows, batch.slices, target, weight, beside, batch.made, batch.drift
    )
    for b in range(image.shape[0]):
        if rng.random() < config.slice_faults:
            misalign(changed, b, rng)
        if rng.random() < config.slice_faults:
            jump(image[b], rng)
        mine = batch.windows == b
        shown = beside[mine]
        change_intensity([image[b], shown[:, :, 0]], config, rng)
        beside[mine] = shown * (shown[:, :, -1:] > 0.0)
        if rng.random() < config.slice_faults:
            lose(changed, b, rng)
    return changed


def turn(batch: Batch, config: TrainConfig, rng: np.random.Generator) -> Batch:
    """Flip, turn and zoom each window in the plane; flip it along z."""
    maps = []
    for _ in range(batch.image.shape[0]):
        angle = math.radians(rng.uniform(-config.rotation, config.rotation))
        if config.quarter_turns:
            angle += math.pi / 2 * int(rng.integers(4))
        zoom = math.exp(rng.uniform(-1.0, 1.0) * math.log1p(config.zoom))
        mirror = -1.0 if config.flips and rng.random() < 0.5 else 1.0
        c, s = zoom * math.cos(angle), zoom * math.sin(angle)
        maps.append([[c * mirror, -s, 0.0], [s * mirror, c, 0.0]])
    affine = torch.tensor(maps, dtype=torch.float32)
    side = batch.image.shape[-1]
    grid = F.affine_grid(affine, [len(maps), 1, side, side], align_corners=False)
    chosen = grid[batch.windows]
    image = F.grid_sample(batch.image, grid, padding_mode="reflection", align_corners=False)
    weight = F.grid_sample(batch.weight, chosen, align_corners=False)
    # Only pixels that count may be mixed: resample target times weight, then divide by the weight.
    target = F.grid_sample(batch.target * batch.weight, chosen, align_corners=False)
    target = target / weight.clamp(min=1e-6)
    sides = batch.beside.flatten(1, 2)
    beside = F.grid_sample(sides, chosen, align_corners=False).view_as(batch.beside)
    made, slices = batch.made.clone(), batch.slices.clone()
    for b in range(len(maps)):
        if config.flips and rng.random() < 0.5:
            image[b] = image[b].flip(0)
            mine = batch.windows == b
            slices[mine] = image.shape[1] - 1 - slices[mine]
            beside[mine] = beside[mine].flip(1)
            made[mine] = made[mine].flip(1)
    return Batch(image, batch.windows, slices, target, weight, beside, made, batch.drift)


def with_made(batch: Batch, rng: np.random.Generator) -> Tensor:
    """What is known beside each labelled slice, with what is to be made of it put in."""
    beside = batch.beside.clone()
    for i, side in torch.nonzero(batch.made).tolist():
        slices = int(batch.made[i, side])
        image = batch.image[batch.windows[i], batch.slices[i]]
        drift = float(batch.drift[i])
        beside[i, side] = make(image, batch.target[i], batch.weight[i], slices, drift, rng)
        gain, offset, grain = rng.normal(0.0, [0.05, 0.05, 0.08])
        noise = torch.from_numpy(rng.standard_normal(image.shape, dtype=np.float32))
        beside[i, side, 0] = beside[i, side, 0] * (1.0 + gain) + offset + abs(grain) * noise
    return beside


def change_intensity(
    windows: Sequence[Tensor], config: TrainConfig, rng: np.random.Generator
) -> None:
    """Gain, offset and gamma, the same for all slices of some windows, and noise, in place."""
    size = config.intensity
    gamma = math.exp(rng.uniform(-size, size))
    gain = 1.0 + rng.uniform(-size, size)
    offset = rng.uniform(-size, size)
    deviation = 2.0 * rng.uniform(0.0, config.noise)
    for window in windows:
        share = ((window + 1.0) / 2.0).clamp(0.0, 1.5)
        window.copy_((2.0 * share.pow(gamma) - 1.0) * gain + offset)
        if deviation > 0.0:
            noise = rng.standard_normal(window.shape, dtype=np.float32)
            window.add_(torch.from_numpy(noise), alpha=deviation)


def jump(window: Tensor, rng: np.random.Generator) -> None:
    """One slice in another contrast, in place."""
    z = int(rng.integers(window.shape[0]))
    window[z] = window[z] * float(rng.uniform(0.6, 1.4)) + float(rng.uniform(-0.3, 0.3))


def lose(batch: Batch, b: int, rng: np.random.Generator) -> None:
    """One unlabelled slice of window b goes missing, in place."""
    labelled = set(batch.slices[batch.windows == b].tolist())
    others = [z for z in range(batch.image.shape[1]) if z not in labelled]
    if others:
        batch.image[b, others[int(rng.integers(len(others)))]] = -1.0


def misalign(batch: Batch, b: int, rng: np.random.Generator) -> None:
    """One slice of window b is shifted, with its labels if it has some, in place."""
    side = batch.image.shape[-1]
    most = max(1, round(LARGEST_SHIFT * side))
    dy, dx = (int(n) for n in rng.integers(-most, most + 1, size=2))
    z = int(rng.integers(batch.image.shape[1]))
    batch.image[b, z] = batch.image[b, z].roll((dy, dx), (0, 1))
    for i in torch.nonzero((batch.windows == b) & (batch.slices == z)).flatten().tolist():
        batch.target[i] = batch.target[i].roll((dy, dx), (1, 2))
        weight = batch.weight[i].roll((dy, dx), (1, 2))
        # Pixels that came in over the opposite edge belong elsewhere.
        weight[:, : max(dy, 0)] = 0.0
        weight[:, side + min(dy, 0) :] = 0.0
        weight[..., : max(dx, 0)] = 0.0
        weight[..., side + min(dx, 0) :] = 0.0
        batch.weight[i] = weight
