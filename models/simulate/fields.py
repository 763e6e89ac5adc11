"""Smooth random fields in 3D, kept coarse and drawn a slice at a time."""

from functools import lru_cache

import numpy as np
from scipy.ndimage import gaussian_filter
from scipy.sparse import csr_array

from models.labels import Floats


class SmoothField:
    """A Gaussian random field of mean 0 and variance 1 over a stack, smooth over `length` pixels.

    depth, plane: extent in in-plane pixels (the z axis already multiplied by its anisotropy).
    Memory is a grid of `length` / 2 pixels; `at(depth)` gives (H, W) float32 by cubic B-splines.
    """

    def __init__(
        self, rng: np.random.Generator, depth: float, plane: tuple[int, int], length: float
    ) -> None:
        self.step = max(length / 2, 1.0)
        self.plane = plane
        sides = [int(np.ceil(side / self.step)) + 5 for side in (depth, *plane)]
        self.grid: Floats = rng.standard_normal(sides).astype(np.float32)
        self.grid *= np.float32(_BOOST**3)

    def at(self, depth: float) -> Floats:
        """(H, W) values at a depth in pixels."""
        place = min(max(depth / self.step, 0.0), len(self.grid) - 4.0)
        low = min(int(place), len(self.grid) - 4)
        weights = _spline(np.float32(place - low))
        coarse = np.tensordot(weights, self.grid[low : low + 4], axes=1)
        return _raise(coarse, self.plane, self.step)

    def value(self, depth: float, y: float, x: float) -> float:
        """The field at one point, in pixels."""
        cube: Floats = self.grid
        for at in (depth, y, x):
            place = min(max(at / self.step, 0.0), cube.shape[0] - 4.0)
            low = min(int(place), cube.shape[0] - 4)
            cube = np.tensordot(_spline(np.float32(place - low)), cube[low : low + 4], axes=1)
        return float(cube)


def grain(rng: np.random.Generator, plane: tuple[int, int], sigma: float) -> Floats:
    """(H, W) float32 noise of variance 1 with grains of `sigma` pixels, new for every slice."""
    if sigma >= 3:
        step = sigma * 1.4
        sides = [int(np.ceil(side / step)) + 5 for side in plane]
        coarse = rng.standard_normal(sides, dtype=np.float32) * np.float32(_BOOST**2)
        return _raise(coarse, plane, step)
    noise = gaussian_filter(rng.standard_normal(plane, dtype=np.float32), sigma, truncate=3)
    result: Floats = noise * np.float32(1 / max(float(noise[::4, ::4].std()), 1e-6))
    return result


_BOOST = 1 / np.sqrt(151 / 315)
"""A cubic B-spline of white noise has this share less of spread along each axis, on average."""


def _spline(t: "np.floating | Floats") -> Floats:
    """(4, ...) weights of a cubic B-spline at t in 0..1 past its second knot."""
    one = 1 - t
    parts = [
        one**3 / 6,
        (3 * t**3 - 6 * t**2 + 4) / 6,
        (3 * one**3 - 6 * one**2 + 4) / 6,
        t**3 / 6,
    ]
    return np.stack(parts).astype(np.float32)


@lru_cache(maxsize=64)
def _matrix(length: int, step: float, knots: int) -> csr_array:
    """(length, knots) float32: what each knot adds at each pixel, four of them."""
    place = np.arange(length) / step
    low = np.minimum(place.astype(np.int64), knots - 4)
    weights = _spline((place - low).astype(np.float32))
    rows = np.repeat(np.arange(length), 4)
    columns = (low[:, None] + np.arange(4)).ravel()
    return csr_array((weights.T.ravel(), (rows, columns)), shape=(length, knots))


def _raise(coarse: Floats, plane: tuple[int, int], step: float) -> Floats:
    # Sparse products: dense ones would wake the threads of the linear algebra library each time.
    rows = _matrix(plane[0], step, coarse.shape[0])
    columns = _matrix(plane[1], step, coarse.shape[1])
    result: Floats = (columns @ (rows @ coarse).T).T
    return np.ascontiguousarray(result)
