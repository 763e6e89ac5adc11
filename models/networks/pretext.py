"""What a network is asked before there are labels: to go on with what is marked in its neighbours.

Objects are made of the image itself: of a few blurred slices, what hangs together about a pixel and
is about as bright, or brighter, or darker. They are marked in a slice on either side, as masks that
people agreed on will be, and asked for in a slice between. What counts as an object is told by the
neighbours alone, so the network learns to look at them, and to follow outlines through the image
over real gaps. (Superpixels as pretended labels for segmenting by example: Ouyang et al. 2020,
arXiv 2007.09886.)

What was tried before, painting in hidden patches and finding bodies that were laid in, stands in
docs/adr/0013-laid-in-bodies-before-labels.md; what this gains in
docs/adr/0019-objects-of-the-image-before-labels.md.
"""

import math

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import binary_opening, gaussian_filter, label

from models.config import PretrainConfig
from models.networks.data import Batch, SliceCache, crop_indices
from models.networks.neighbours import channels, nearness

COARSE = 2
"""Pixels a side that are averaged before objects are looked for: it is quicker, and outlines need
not be truer."""
TRIALS = 6
"""Places drawn for a window, and pixels for an object, before it goes without."""
HIDDEN = 0.15
"""Chance that one of the two neighbours is not shown."""
BAND = (0.2, 1.5)
"""How much brighter or darker an object's pixels may be, in standard deviations of its slice."""
THIN = np.ones((1, 3, 3), dtype=np.bool_)
"""What is thinner in the plane, in coarse pixels, is no part of an object."""

Volume = NDArray[np.float32]


class ObjectSampler:
    """Draws batches of windows with an object a class, shown beside one slice of each."""

    def __init__(
        self, cache: SliceCache, config: PretrainConfig, classes: int, stride: int
    ) -> None:
        self.cache, self.config, self.classes = cache, config, classes
        self.shapes = [tuple(int(n) for n in cube.image.shape) for cube in cache.cubes]
        largest = max(max(shape[1:]) for shape in self.shapes)
        self.side = min(config.crop, -(-largest // stride) * stride)
        fitting = config.pixels // self.side**2
        self.windows = min(max(config.windows, fitting), 2 * config.windows)
        sizes = np.array([math.prod(shape) for shape in self.shapes], dtype=np.float64)
        self.share = sizes / sizes.sum()

    def draw(self, rng: np.random.Generator) -> Batch:
        """A batch of one asked slice a window; of one without an object, that there is none."""
        images, slices, targets, besides = zip(
            *(self._window(rng) for _ in range(self.windows)), strict=True
        )
        count = len(images)
        target = torch.from_numpy(np.stack(targets))
        return Batch(
            torch.from_numpy(np.stack(images)),
            torch.arange(count),
            torch.tensor(slices),
            target,
            torch.ones_like(target[:, :1]),
            torch.from_numpy(np.stack(besides)),
            torch.zeros(count, 2, dtype=torch.int64),
            torch.zeros(count),
        )

    def _window(self, rng: np.random.Generator) -> tuple[Volume, int, Volume, Volume]:
        """Image (n, c, c), the slice asked for, its target (K + 1, c, c), and what is beside it."""
        for _ in range(TRIALS):
            cube = int(rng.choice(len(self.shapes), p=self.share))
            depth, height, width = self.shapes[cube]
            z = int(rng.integers(depth))
            gaps = rng.integers(1, self.config.reach + 1, size=2)
            shown = [z - int(gaps[0]) >= 0, z + int(gaps[1]) < depth]
            if all(shown) and rng.random() < HIDDEN:
                shown[int(rng.integers(2))] = False
            take = np.ix_(
                crop_indices(self._start(height, rng), self.side, height, rng)[0],
                crop_indices(self._start(width, rng), self.side, width, rng)[0],
            )
            first = z - int(gaps[0]) if shown[0] else max(0, z - 1)
            last = z + int(gaps[1]) if shown[1] else min(depth - 1, z + 1)
            planes = self.cache.window(cube, first, last + 1)
            block = np.stack([plane[take] for plane in planes]).astype(np.float32)
            found = objects(block, z - first, self.classes, self.config, rng)
            if any(shown) and found[:, z - first].any():
                break
        else:
            found = np.zeros((self.classes, *block.shape), np.float32)
        target = np.concatenate([1.0 - found[:, z - first].sum(axis=0)[None], found[:, z - first]])
        beside = np.zeros((2, channels(self.classes), self.side, self.side), np.float32)
        for side, there, gap, at in zip(beside, shown, gaps, (0, len(block) - 1), strict=True):
            if there:
                side[0], side[1:-1], side[-1] = block[at], found[:, at], nearness(int(gap))
        window = self.config.window
        start = max(0, min(z - int(rng.integers(window)), depth - window))
        planes = self.cache.window(cube, start, min(start + window, depth))
        planes += [planes[-1]] * (window - len(planes))
        image = np.stack([plane[take] for plane in planes]).astype(np.float32)
        return image, z - start, target, beside

    def _start(self, length: int, rng: np.random.Generator) -> int:
        return int(rng.integers(max(1, length - self.side + 1)))


def objects(
    block: Volume, z: int, classes: int, config: PretrainConfig, rng: np.random.Generator
) -> Volume:
    """Masks (K, n, c, c), 0 or 1, that do not overlap, of objects that slice z of a block shows.

    Empty where none was found that takes between `smallest` and `largest` of that slice.
    """
    depth, height, width = block.shape
    rows, columns = height // COARSE, width // COARSE
    parts = block[:, : rows * COARSE, : columns * COARSE]
    coarse = parts.reshape(depth, rows, COARSE, columns, COARSE).mean(axis=(2, 4))
    size = float(rng.uniform(config.blur_least, config.blur_most))
    # Less along z, where voxels are often longer.
    smooth = gaussian_filter(coarse, (min(0.7, 0.7 * size), size, size))
    found = np.zeros((classes, *block.shape), dtype=np.float32)
    taken = np.zeros(smooth.shape, dtype=np.bool_)
    for k in range(classes):
        own = _object(smooth, z, config, rng) & ~taken
        taken |= own
        fine = own.repeat(COARSE, axis=1).repeat(COARSE, axis=2)
        found[k, :, : fine.shape[1], : fine.shape[2]] = fine
    return found


def _object(
    smooth: Volume, z: int, config: PretrainConfig, rng: np.random.Generator
) -> NDArray[np.bool_]:
    plane = smooth[z]
    for _ in range(TRIALS):
        place = (z, int(rng.integers(plane.shape[0])), int(rng.integers(plane.shape[1])))
        apart = (smooth - smooth[place]) / (float(plane.std()) + 1e-6)
        width = float(rng.uniform(*BAND))
        band = (apart > -width, apart < width, np.abs(apart) < width)[int(rng.integers(3))]
        parts, _ = label(band)
        own: NDArray[np.bool_] = binary_opening(parts == parts[place], THIN)
        if config.smallest < own[z].mean() < config.largest:
            return own
    return np.zeros(smooth.shape, dtype=np.bool_)
