"""What a parent model proposed for slices that it had not learned: a discriminator's best lesson.

A discriminator that only meets proposals for slices which the segmenter has learned finds out that
labels are sharp and proposals soft, or that a learned proposal is as good as a label. What it is
asked later are proposals for slices that nobody has labelled. The nearest thing to those, with the
truth beside it, is what the parent says of the slices that became known since it was trained.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.config import TrainConfig
from models.networks.data import WindowSampler
from models.networks.device import autocast
from models.networks.holdout import key_of
from models.networks.neighbours import Neighbours
from models.networks.segmenter import Segmenter

CROPS = 64
"""Crops proposed for, before training begins; they are kept in memory."""

Crop = tuple[NDArray[np.float32], ...]


class UnseenProposals:
    """Crops of proposals for slices that the parent had not learned, beside their labels.

    learned: slices that the parent learned, by the cube's key. Of a slice that is known in tiles
    all counts as learned with the first of them.
    """

    def __init__(
        self,
        parent: Segmenter,
        sampler: WindowSampler,
        learned: Mapping[str, Sequence[int]],
        config: TrainConfig,
    ) -> None:
        rng = np.random.default_rng((config.seed, 0xF4))
        seen = [set(learned.get(key_of(cube, i), ())) for i, cube in enumerate(sampler.cubes)]
        self.flips = config.flips
        self.places = [(cube, z) for cube, z in sampler.labelled if z not in seen[cube]]
        beside = [
            Neighbours(
                {z: known for z, known in one.known.items() if z in seen[i]}, one.classes, one.plane
            )
            for i, one in enumerate(sampler.neighbours)
        ]
        crops = CROPS if self.places else 0
        chosen = [self.places[rng.integers(len(self.places))] for _ in range(crops)]
        self.crops = [
            _proposed(parent, sampler, beside[cube], cube, z, config.precision, rng)
            for cube, z in chosen
        ]

    def draw(self, count: int, rng: np.random.Generator) -> tuple[Tensor, ...] | None:
        """Image (M, 1, c, c), proposals and labels (M, K, c, c), weight (M, 1, c, c), float32.

        None where the parent had learned all that is known.
        """
        if not self.crops:
            return None
        drawn = [self.crops[i] for i in rng.integers(len(self.crops), size=count)]
        mirrored = rng.random(count) < 0.5 if self.flips else [False] * count
        return tuple(
            torch.from_numpy(
                np.stack([p[..., ::-1] if m else p for p, m in zip(part, mirrored, strict=True)])
            )
            for part in zip(*drawn, strict=True)
        )


@torch.inference_mode()
def _proposed(
    parent: Segmenter,
    sampler: WindowSampler,
    beside: Neighbours,
    cube: int,
    z: int,
    precision: str,
    rng: np.random.Generator,
) -> Crop:
    """Image (1, c, c), the parent's probabilities and the labels (K, c, c), weight (1, c, c)."""
    rows, columns = sampler.crop(cube, sampler.pixel(cube, z, rng), rng)
    start = sampler.reach(cube, z, rng)
    planes = sampler.planes(cube, start, rows, columns)
    device = next(parent.parameters()).device
    shown = beside.beside(z, rows[0], columns[0])
    with autocast(device, precision):
        logits = parent.select(
            torch.from_numpy(planes.astype(np.float32))[None].to(device),
            torch.zeros(1, dtype=torch.int64, device=device),
            torch.tensor([z - start], device=device),
            torch.from_numpy(shown)[None].to(device),
        )
    shares = torch.softmax(logits, dim=1)[0, 1:].float().cpu().numpy()
    target, weight = sampler.labels(cube, z, rows, columns)
    return planes[z - start][None].astype(np.float32), shares, target[1:], weight[None]
