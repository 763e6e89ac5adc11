"""What a network is asked before there are labels: where something was put in that is not of here.

Into slices that nobody labelled smooth bodies are laid, which go on from slice to slice: parts of
other places, or the same place brighter, darker, blurred or grained. They are to be segmented, by
the loss of training (foreign patch interpolation, Tan et al. 2020, arXiv 2011.04197). Some slices
go missing: what was laid into them is to be told from their neighbours, which only the ConvLSTM
sees.

To paint in hidden patches (masked autoencoders) was tried first: an encoder learned that way was no
better a start than chance, and its decoder a worse one. What was measured stands in
docs/adr/0013-laid-in-bodies-before-labels.md.
"""

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from models.config import PretrainConfig, TrainConfig
from models.networks.augment import change_intensity, turn
from models.networks.data import Batch, SliceCache, crop_indices, lonely

CANDIDATES = 3
"""Places drawn for a crop; the one with most contrast is taken, for much of a cube is empty."""
GRAINS = (2, 4, 8)
"""Sides in pixels of the grain of a texture that is laid in."""


class UnlabelledSampler:
    """Draws windows (B, n, c, c), scaled to [-1, 1], from anywhere in some cubes."""

    def __init__(self, cache: SliceCache, config: PretrainConfig, stride: int) -> None:
        self.cache = cache
        shapes = [tuple(int(n) for n in cube.image.shape) for cube in cache.cubes]
        self.shapes = shapes
        largest = max(max(shape[1:]) for shape in shapes)
        self.side = min(config.crop, -(-largest // stride) * stride)
        self.window, self.windows = config.window, config.windows
        sizes = np.array([math.prod(shape) for shape in shapes], dtype=np.float64)
        self.share = sizes / sizes.sum()

    def draw(self, rng: np.random.Generator) -> Tensor:
        return torch.from_numpy(np.stack([self._window(rng) for _ in range(self.windows)]))

    def _window(self, rng: np.random.Generator) -> NDArray[np.float32]:
        cube = int(rng.choice(len(self.shapes), p=self.share))
        depth, height, width = self.shapes[cube]
        start = int(rng.integers(max(1, depth - self.window + 1)))
        planes = self.cache.window(cube, start, min(start + self.window, depth))
        planes += [planes[-1]] * (self.window - len(planes))
        middle = planes[self.window // 2]
        best: tuple[float, NDArray[np.float16]] | None = None
        for _ in range(CANDIDATES):
            take = np.ix_(
                crop_indices(self._start(height, rng), self.side, height, rng)[0],
                crop_indices(self._start(width, rng), self.side, width, rng)[0],
            )
            contrast = float(middle[take].astype(np.float32).std())
            if best is None or contrast > best[0]:
                best = (contrast, np.stack([plane[take] for plane in planes]))
        assert best is not None
        return best[1].astype(np.float32)

    def _start(self, length: int, rng: np.random.Generator) -> int:
        return int(rng.integers(max(1, length - self.side + 1)))


def turned(image: Tensor, config: TrainConfig, rng: np.random.Generator) -> Tensor:
    """Windows (B, n, c, c) flipped, turned and zoomed as those of training are."""
    none = torch.zeros(0, dtype=torch.int64)
    side = image.shape[-1]
    empty = image.new_zeros(0, 1, side, side)
    targets = image.new_zeros(0, 2, side, side)
    return turn(lonely(image, none, none, targets, empty), config, rng).image


def question(clean: Tensor, config: PretrainConfig, rng: np.random.Generator) -> Batch:
    """Windows (B, n, c, c) with bodies laid in, and the slices of them that are asked for.

    The target has two channels, of this place and laid in.
    """
    noise = TrainConfig(intensity=config.intensity, noise=config.noise)
    image = clean.clone()
    windows, slices, targets = [], [], []
    for b in range(image.shape[0]):
        mask = bodies(image.shape[1], image.shape[2], config, rng)
        other = clean[(b + 1) % len(clean)]
        lay_in(image[b], mask, other, config, rng)
        change_intensity([image[b]], noise, rng)
        order = rng.permutation(image.shape[1])[: config.asked].tolist()
        if image.shape[1] > 1 and rng.random() < config.missing_slices:
            image[b, order[0]] = -1.0
        for z in order:
            windows.append(b)
            slices.append(z)
            targets.append(mask[z])
    laid = torch.stack(targets)[:, None]
    target = torch.cat([1.0 - laid, laid], dim=1)
    return lonely(image, torch.tensor(windows), torch.tensor(slices), target, torch.ones_like(laid))


def bodies(depth: int, side: int, config: PretrainConfig, rng: np.random.Generator) -> Tensor:
    """Smooth bodies (depth, side, side), 0 or 1, that change little from slice to slice."""
    coarse = int(rng.integers(3, 9))
    noise = torch.from_numpy(rng.standard_normal((1, 2, coarse, coarse), dtype=np.float32))
    base, drift = F.interpolate(noise, (side, side), mode="bicubic")[0]
    along = torch.arange(depth, dtype=torch.float32) - (depth - 1) / 2.0
    field = base + float(rng.uniform(0.0, 0.4)) * along[:, None, None] * drift
    share = float(rng.uniform(config.smallest, config.largest))
    level = torch.quantile(field.flatten()[:: max(1, field.numel() // 4096)], 1.0 - share)
    mask: Tensor = (field > level).float()
    return mask


def lay_in(
    window: Tensor, mask: Tensor, other: Tensor, config: PretrainConfig, rng: np.random.Generator
) -> None:
    """Lay something into a window (n, c, c) where the mask is 1, in place, with soft edges."""
    kind = int(rng.integers(4))
    if kind == 0:
        laid = other
    elif kind == 1:
        laid = window + _either_way(rng, 0.25, 0.9)
    elif kind == 2:
        laid = blur(window, float(rng.uniform(1.5, 4.0))) + _either_way(rng, 0.1, 0.4)
    else:
        grain = GRAINS[int(rng.integers(len(GRAINS)))]
        count = -(-window.shape[-1] // grain)
        texture = rng.standard_normal((len(window), 1, count, count), dtype=np.float32)
        spread = F.interpolate(torch.from_numpy(texture), window.shape[-2:], mode="bilinear")[:, 0]
        laid = window + float(rng.uniform(0.15, 0.5)) * spread + _either_way(rng, 0.0, 0.4)
    share = blur(mask, float(rng.uniform(0.5, 1.5))) * float(rng.uniform(config.faintest, 1.0))
    window.add_(share * (laid - window))


def _either_way(rng: np.random.Generator, least: float, most: float) -> float:
    return float(rng.uniform(least, most)) * (1.0 if rng.random() < 0.5 else -1.0)


def blur(planes: Tensor, size: float) -> Tensor:
    """Planes (n, H, W) under a Gaussian of this standard deviation, mirrored at the edges."""
    reach = min(math.ceil(2.5 * size), planes.shape[-1] - 1, planes.shape[-2] - 1)
    at = torch.arange(-reach, reach + 1, dtype=planes.dtype, device=planes.device)
    kernel = torch.exp(-0.5 * (at / size) ** 2)
    kernel = kernel / kernel.sum()
    padded = F.pad(planes[:, None], (reach, reach, reach, reach), mode="reflect")
    rows = F.conv2d(padded, kernel.view(1, 1, -1, 1))
    return F.conv2d(rows, kernel.view(1, 1, 1, -1))[:, 0]
