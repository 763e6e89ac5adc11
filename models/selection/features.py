"""Simple looks of slices and tiles, for choosing before anything is learned."""

from collections.abc import Iterable
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from models.selection.pool import Reals

NAMES = ("mean", "spread", "dark", "bright", "fine", "middle", "coarse")


def look(plane: NDArray[np.generic], low: float, high: float) -> Reals:
    """(7,) float64 looks of an (H, W) image: brightness, spread, tails, and energy at three scales.

    low, high: the cube's robust intensity range, so that slices are comparable. Large images are
    thinned to about 256 pixels a side first: only ranks between slices matter.
    """
    step = max(1, max(plane.shape) // 256)
    values = plane[::step, ::step].astype(np.float64)
    values = np.clip((values - low) / max(high - low, 1e-9), 0, 1)
    values = np.nan_to_num(values, nan=0.0)
    smooth = [values] + [gaussian_filter(values, sigma) for sigma in (1.0, 3.0, 9.0)]
    bands = [float((a - b).std()) for a, b in pairwise(smooth)]
    dark, bright = np.quantile(values, [0.1, 0.9])
    return np.array([values.mean(), values.std(), dark, bright, *bands])


def looks(planes: Iterable[NDArray[np.generic]], low: float, high: float) -> Reals:
    """(N, 7) looks of images given one after the other."""
    rows = [look(plane, low, high) for plane in planes]
    return np.stack(rows) if rows else np.empty((0, len(NAMES)))
