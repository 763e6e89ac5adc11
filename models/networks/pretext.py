"""What a network is asked before there are labels: windows with parts hidden, and what was there.

Three tasks at once, on the slices of a cube that nobody labelled:
- patches of a slice are hidden and to be painted in (context encoders, Pathak et al. 2016, arXiv
  1604.07379; masked autoencoders, He et al. 2022, arXiv 2111.06377);
- some slices are hidden whole, and to be told from their neighbours, which only the ConvLSTM sees;
- contrast is changed and noise added, and both are to be undone (Models Genesis, Zhou et al. 2019,
  arXiv 1908.06912; for decoders Brempong et al. 2022, arXiv 2205.11423).

Asked for are not the pixels alone but what surrounds them, at several sizes (as MaskFeat asks for
gradients, Wei et al. 2022, arXiv 2112.09133): a pixel that is not hidden could be handed through
by the finest skip connection, and nothing would be learned from it.
"""

import math

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from models.config import PretrainConfig, TrainConfig
from models.networks.augment import change_intensity, turn
from models.networks.data import Batch, SliceCache, crop_indices

SIZES = (1.0, 2.0, 4.0, 8.0)
"""Standard deviations in pixels of the Gaussians whose means, and whose slopes, are asked for."""
ASKED = 1 + 2 * len(SIZES)
"""Channels of the answer: the pixel, and for each size the local mean and the local contrast."""
CANDIDATES = 3
"""Places drawn for a crop; the one with most contrast is taken, for much of a cube is empty."""


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

    def _window(self, rng: np.random.Generator) -> np.ndarray:
        cube = int(rng.choice(len(self.shapes), p=self.share))
        depth, height, width = self.shapes[cube]
        start = int(rng.integers(max(1, depth - self.window + 1)))
        planes = self.cache.window(cube, start, min(start + self.window, depth))
        planes += [planes[-1]] * (self.window - len(planes))
        middle = planes[self.window // 2]
        best: tuple[float, np.ndarray] | None = None
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
    return turn(Batch(image, none, none, empty, empty), config, rng).image


def question(
    clean: Tensor, config: PretrainConfig, rng: np.random.Generator
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Spoilt windows (B, n, c, c), which of their slices are asked for, and what of them is hidden.

    Returns (image, windows (M,), slices (M,), hidden (M, 1, c, c) bool).
    """
    image = clean.clone()
    noise = TrainConfig(intensity=config.intensity, noise=config.noise)
    windows, slices, hidden = [], [], []
    for b in range(image.shape[0]):
        change_intensity(image[b], noise, rng)
        order = rng.permutation(image.shape[1])
        whole = image.shape[1] > 1 and rng.random() < config.whole_slices
        for place, z in enumerate(order[: config.asked].tolist()):
            side = image.shape[-1]
            if whole and place == 0:
                mask = torch.ones(side, side, dtype=torch.bool)
            else:
                mask = hide(side, config, rng)
            image[b, z][mask] = float(image[b].mean())
            windows.append(b)
            slices.append(z)
            hidden.append(mask[None])
    return image, torch.tensor(windows), torch.tensor(slices), torch.stack(hidden)


def hide(side: int, config: PretrainConfig, rng: np.random.Generator) -> Tensor:
    """Which pixels (side, side) of a slice are hidden: a share of patches on a grid."""
    count = -(-side // config.patch)
    grid = torch.from_numpy(rng.random((count, count)) < config.hidden)
    return grid.repeat_interleave(config.patch, 0).repeat_interleave(config.patch, 1)[:side, :side]


def answer(clean: Tensor) -> Tensor:
    """What is asked of slices (M, 1, c, c): (M, ASKED, c, c), each channel of spread 1 or 0."""
    channels = [clean]
    for size in SIZES:
        mean = blur(clean, size)
        rows = mean[..., 1:, :] - mean[..., :-1, :]
        columns = mean[..., 1:] - mean[..., :-1]
        slope = F.pad(rows.square(), (0, 0, 0, 1)) + F.pad(columns.square(), (0, 1))
        channels += [mean, blur(slope, size).clamp(min=0.0).sqrt()]
    asked = torch.cat(channels, dim=1)
    centre = asked.mean(dim=(0, 2, 3), keepdim=True)
    spread = asked.std(dim=(0, 2, 3), keepdim=True)
    return (asked - centre) / spread.clamp(min=1e-3)


def blur(planes: Tensor, size: float) -> Tensor:
    """Planes (M, 1, H, W) under a Gaussian of this standard deviation, mirrored at the edges."""
    reach = min(math.ceil(2.5 * size), planes.shape[-1] - 1, planes.shape[-2] - 1)
    at = torch.arange(-reach, reach + 1, dtype=planes.dtype, device=planes.device)
    kernel = torch.exp(-0.5 * (at / size) ** 2)
    kernel = kernel / kernel.sum()
    padded = F.pad(planes, (reach, reach, reach, reach), mode="reflect")
    return F.conv2d(F.conv2d(padded, kernel.view(1, 1, -1, 1)), kernel.view(1, 1, 1, -1))


def error(found: Tensor, asked: Tensor, hidden: Tensor, visible: float) -> Tensor:
    """Mean smooth absolute error; pixels that were not hidden weigh `visible`."""
    weight = torch.where(hidden, 1.0, visible)
    each = F.smooth_l1_loss(found, asked, reduction="none", beta=0.5)
    return (each * weight).sum() / (weight.sum() * asked.shape[1]).clamp(min=1e-6)
