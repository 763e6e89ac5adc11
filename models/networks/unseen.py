"""What a parent model proposed for slices that it had not learned: a discriminator's best lesson.

A discriminator that only meets proposals for slices which the segmenter has learned finds out that
labels are sharp and proposals soft, or that a learned proposal is as good as a label. What it is
asked later are proposals for slices that nobody has labelled. The nearest thing to those, with the
truth beside it, is what the parent says of the slices that became known since it was trained.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.config import PredictConfig
from models.networks.data import WindowSampler, crop_indices
from models.networks.device import autocast
from models.networks.holdout import key_of
from models.networks.neighbours import Neighbours
from models.networks.segmenter import Segmenter
from models.networks.stream import Beside, slab_shares
from models.networks.types import TrainingSlice, target_of

MOST = 48
"""Slices proposed for at most; they are kept in memory."""


class UnseenProposals:
    """Draws crops of proposals for slices that the parent had not learned, beside their labels.

    learned: slices that the parent learned, by the cube's key.
    """

    def __init__(
        self,
        parent: Segmenter,
        sampler: WindowSampler,
        learned: Mapping[str, Sequence[int]],
        precision: str,
        rng: np.random.Generator,
    ) -> None:
        self.sampler = sampler
        cubes = sampler.cubes
        seen = [set(learned.get(key_of(cube, i), ())) for i, cube in enumerate(cubes)]
        fresh = [(i, z) for i, z in sampler.labelled if z not in seen[i]]
        if len(fresh) > MOST:
            fresh = [fresh[i] for i in sorted(rng.choice(len(fresh), MOST, replace=False))]
        beside = [
            Neighbours(
                {z: known for z, known in one.known.items() if z in seen[i]},
                one.classes,
                one.plane,
            )
            for i, one in enumerate(sampler.neighbours)
        ]
        self.shares = {at: self._propose(parent, beside[at[0]], *at, precision) for at in fresh}

    @torch.inference_mode()
    def _propose(
        self, parent: Segmenter, neighbours: Neighbours, cube: int, z: int, precision: str
    ) -> NDArray[np.float16]:
        """(K, H, W) probabilities of one slice, from what was known to the parent."""
        depth = int(self.sampler.cubes[cube].image.shape[0])
        start = max(0, min(z - self.sampler.window // 2, depth - self.sampler.window))
        planes = self.sampler.cache.window(cube, start, min(start + self.sampler.window, depth))
        device = next(parent.parameters()).device
        slab = torch.from_numpy(np.stack(planes).astype(np.float32)).to(device)
        core = range(z - start, z - start + 1)
        with autocast(device, precision):
            shares, _ = slab_shares(
                parent,
                slab,
                core,
                PredictConfig(),
                Beside.slab(neighbours, range(start, start + len(slab)), slab.shape[1:]),
            )
        found: NDArray[np.float16] = shares[:, 0].float().cpu().numpy().astype(np.float16)
        return found

    def draw(self, count: int, rng: np.random.Generator) -> tuple[Tensor, ...] | None:
        """Image (M, 1, c, c), proposals and labels (M, K, c, c), weight (M, 1, c, c), float32.

        None where the parent had learned all that is known.
        """
        places = list(self.shares)
        if not places:
            return None
        parts: list[list[NDArray[np.float32]]] = [[], [], [], []]
        for at in (places[i] for i in rng.integers(len(places), size=count)):
            pixels = self.sampler.anywhere[at]
            if at in self.sampler.places and rng.random() < self.sampler.foreground_share:
                present = self.sampler.places[at]
                pixels = present[rng.integers(len(present))]
            for kept, part in zip(
                parts, self._crop(at, pixels[rng.integers(len(pixels))], rng), strict=True
            ):
                kept.append(part)
        return tuple(torch.from_numpy(np.stack(part)) for part in parts)

    def _crop(
        self, at: tuple[int, int], centre: NDArray[np.int64], rng: np.random.Generator
    ) -> list[NDArray[np.float32]]:
        cube, z = at
        side, shape = self.sampler.side, self.sampler.cubes[cube].image.shape[1:3]
        jitter = rng.integers(-side // 4, side // 4 + 1, size=2)
        (rows, real_rows), (columns, real_columns) = (
            crop_indices(int(centre[i] + jitter[i]) - side // 2, side, int(shape[i]), rng)
            for i in (0, 1)
        )
        take = np.ix_(rows, columns)
        known = self.sampler.cubes[cube].known[z]
        weight = None if known.weight is None else np.asarray(known.weight)[take]
        target, counts = target_of(
            TrainingSlice(np.asarray(known.labels)[take], weight), self.sampler.classes
        )
        counts = counts * np.outer(real_rows, real_columns)
        image = self.sampler.cache.window(cube, z, z + 1)[0][take]
        planes: list[NDArray[Any]] = [
            np.asarray(image)[None],
            self.shares[at][:, rows[:, None], columns],
            target[1:],
            counts[None],
        ]
        turns, mirrored = int(rng.integers(2)) * 2, rng.random() < 0.5
        return [
            np.ascontiguousarray(
                np.rot90(plane[..., ::-1] if mirrored else plane, turns, axes=(1, 2)),
                dtype=np.float32,
            )
            for plane in planes
        ]
