"""Validation: which known slices are held out of training, and how well they are predicted."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise

import numpy as np
import torch

from models.config import PredictConfig, TrainConfig
from models.networks.data import SliceCache
from models.networks.neighbours import Neighbours
from models.networks.progress import Sample
from models.networks.segmenter import Segmenter
from models.networks.stream import Beside, slab_shares
from models.networks.tiles import Box
from models.networks.types import TrainingCube, TrainingSlice, target_of

SIDE = 256
"""Longest side in pixels of a part of a slice that is predicted at once."""
MARGIN = 16
"""Pixels around it that are predicted too, so that it does not lie on an edge."""
SHOWN = 3
"""Parts of which a picture is told."""
PARTS = 12
"""Parts that are looked at, at most: what a validation takes must not grow with the slices."""


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
    show: Callable[[Sample], None] | None = None,
) -> float | None:
    """Dice on the held-out slices, pooled over pixels, mean over the classes that occur there.

    neighbours: what the network is shown beside them, which are the slices it learns from.
    show: is told what the model makes of SHOWN parts, always the same ones (step 0 stands for now).

    None where nothing is held out, or neither labels nor predictions hold any foreground.
    """
    config = PredictConfig()
    overlap = np.zeros(len(classes))
    size = np.zeros(len(classes))
    parts = list(_parts(cache, held_out))
    told = np.linspace(0, len(parts) - 1, min(SHOWN, len(parts))).round().astype(int).tolist()
    for place, (index, z, box) in enumerate(parts):
        image = cache.cubes[index].image
        start = max(0, min(z - window // 2, image.shape[0] - window))
        rows, columns = _around(box, image.shape[1:])
        planes = cache.window(index, start, min(start + window, image.shape[0]))
        cut = np.stack([plane[rows, columns] for plane in planes]).astype(np.float32)
        slab = torch.from_numpy(cut).to(device)
        beside = Beside.slab(neighbours[index], range(start, start + len(slab)), image.shape[1:])
        shares, _ = slab_shares(
            segmenter, slab, range(z - start, z - start + 1), config, beside.cut(rows, columns)
        )
        inside = (
            slice(box.y0 - rows.start, box.y1 - rows.start),
            slice(box.x0 - columns.start, box.x1 - columns.start),
        )
        shown = shares[:, 0, *inside]
        background = 1.0 - shown.sum(dim=0, keepdim=True)
        guess = torch.cat([background, shown]).argmax(dim=0).cpu().numpy()
        part = _cut(cache.cubes[index].known[z], box)
        target, weight = target_of(part, classes)
        truth = target.argmax(axis=0)
        if show is not None and place in told:
            here = planes[z - start][box.y0 : box.y1, box.x0 : box.x1]
            show(Sample(0, told.index(place), index, z, box.y0, box.x0, here, guess, truth))
        for k in range(len(classes)):
            mine, theirs = (guess == k + 1) * weight, (truth == k + 1) * weight
            overlap[k] += float((mine * (truth == k + 1)).sum())
            size[k] += float(mine.sum() + theirs.sum())
    present = size > 0
    return float(np.mean(2.0 * overlap[present] / size[present])) if present.any() else None


def _parts(
    cache: SliceCache, held_out: Mapping[int, frozenset[int]]
) -> Iterator[tuple[int, int, Box]]:
    """(cube, slice, part) of what is held out and known: all of it, or PARTS spread over it."""
    found = [
        (index, z, box)
        for index, slices in held_out.items()
        for z in sorted(slices)
        for box in _known_parts(cache.cubes[index].known[z])
    ]
    taken = np.linspace(0, len(found) - 1, min(PARTS, len(found))).round().astype(int)
    for place in taken.tolist():
        yield found[place]


def _known_parts(known: TrainingSlice) -> Iterator[Box]:
    """Parts of a slice of alike sizes, at most SIDE pixels wide, in which any pixel counts."""
    cuts = [_cuts(length) for length in known.labels.shape]
    for y0, y1 in pairwise(cuts[0]):
        for x0, x1 in pairwise(cuts[1]):
            box = Box(y0, y1, x0, x1)
            weight = _cut(known, box).weight
            if weight is None or weight.any():
                yield box


def _cuts(length: int) -> list[int]:
    parts = -(-length // SIDE)
    return [int(cut) for cut in np.linspace(0, length, parts + 1).round()]


def _around(box: Box, size: Sequence[int]) -> tuple[slice, slice]:
    """Rows and columns of a part with its margin."""
    return (
        slice(max(0, box.y0 - MARGIN), min(size[0], box.y1 + MARGIN)),
        slice(max(0, box.x0 - MARGIN), min(size[1], box.x1 + MARGIN)),
    )


def _cut(known: TrainingSlice, box: Box) -> TrainingSlice:
    """Part of a slice, with the labels that were agreed on."""
    place = slice(box.y0, box.y1), slice(box.x0, box.x1)
    weight = None if known.weight is None else np.asarray(known.weight)[place]
    return TrainingSlice(np.asarray(known.labels)[place], weight)


def _has_foreground(cube: TrainingCube, z: int, classes: Sequence[int]) -> bool:
    target, weight = target_of(cube.known[z], classes)
    return bool(((target[1:].max(axis=0) >= 0.5) & (weight > 0)).any())
