"""Validation: which known slices are held out of training, and how well they are predicted."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch

from models.config import PredictConfig, TrainConfig
from models.networks.data import SliceCache
from models.networks.neighbours import Neighbours
from models.networks.segmenter import Segmenter
from models.networks.stream import Beside, slab_shares
from models.networks.types import TrainingCube, target_of


def hold_out(
    cubes: Sequence[TrainingCube],
    classes: Sequence[int],
    config: TrainConfig,
    earlier: Mapping[str, Sequence[int]] | None = None,
) -> dict[int, frozenset[int]]:
    """Held-out slices by the index of their cube; empty where a cube has too few known slices.

    One block of known slices that follow each other, never single ones: a neighbour in training
    would give them away. `earlier` is what the parent model held out, by the cube's key: the new
    block lies around the same place, so that the parent has not learned it.
    """
    result: dict[int, frozenset[int]] = {}
    for index, cube in enumerate(cubes):
        known = sorted(cube.known)
        count = round(config.validation_share * len(known))
        if len(known) < config.validation_minimum or count < 2:
            continue
        before = (earlier or {}).get(key_of(cube, index))
        if before:
            anchor = float(np.mean(list(before)))
        else:
            shown = [z for z in known if _has_foreground(cube, z, classes)] or known
            rng = np.random.default_rng((config.seed, index, 0x7A1))
            anchor = float(shown[rng.integers(len(shown))])
        at = int(np.argmin([abs(z - anchor) for z in known]))
        first = min(max(0, at - count // 2), len(known) - count)
        result[index] = frozenset(known[first : first + count])
    return result


def key_of(cube: TrainingCube, index: int) -> str:
    """The cube's key, or its place in the list where it has none."""
    return cube.key or f"#{index}"


@torch.no_grad()
def validation_dice(
    segmenter: Segmenter,
    cache: SliceCache,
    neighbours: Sequence[Neighbours],
    classes: Sequence[int],
    held_out: Mapping[int, frozenset[int]],
    window: int,
    device: torch.device,
) -> float | None:
    """Dice on the held-out slices, pooled over pixels, mean over the classes that occur there.

    neighbours: what the network is shown beside them, which are the slices it learns from.

    None where nothing is held out, or neither labels nor predictions hold any foreground.
    """
    config = PredictConfig()
    overlap = np.zeros(len(classes))
    size = np.zeros(len(classes))
    for index, slices in held_out.items():
        depth = cache.cubes[index].image.shape[0]
        for z in sorted(slices):
            start = max(0, min(z - window // 2, depth - window))
            planes = cache.window(index, start, min(start + window, depth))
            slab = torch.from_numpy(np.stack(planes).astype(np.float32)).to(device)
            beside = Beside.slab(neighbours[index], range(start, start + len(slab)), slab.shape[1:])
            shares, _ = slab_shares(
                segmenter, slab, range(z - start, z - start + 1), config, beside
            )
            background = 1.0 - shares[:, 0].sum(dim=0, keepdim=True)
            guess = torch.cat([background, shares[:, 0]]).argmax(dim=0).cpu().numpy()
            target, weight = target_of(cache.cubes[index].known[z], classes)
            truth = target.argmax(axis=0)
            for k in range(len(classes)):
                mine, theirs = (guess == k + 1) * weight, (truth == k + 1) * weight
                overlap[k] += float((mine * (truth == k + 1)).sum())
                size[k] += float(mine.sum() + theirs.sum())
    present = size > 0
    return float(np.mean(2.0 * overlap[present] / size[present])) if present.any() else None


def _has_foreground(cube: TrainingCube, z: int, classes: Sequence[int]) -> bool:
    target, weight = target_of(cube.known[z], classes)
    return bool(((target[1:].max(axis=0) >= 0.5) & (weight > 0)).any())
