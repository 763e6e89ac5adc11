"""Which tiles are drawn from nothing, to certify: known chances that no later choice can spoil.

Every tile of a cube keeps one random number for good, and is audited once its chance exceeds it
(Poisson sampling with permanent random numbers: Ohlsson, "Coordination of samples using permanent
random numbers", 1995). Chances rise round by round as more is audited and as the model changes its
mind about where it errs. Since audited tiles are held back, so that nothing that is trained, chosen
or proposed depends on who was drawn, the chance of every tile is known exactly at every look, and
all blind masks ever drawn certify the mask of today.
"""

import numpy as np
from numpy.typing import NDArray

from models.config import BlindConfig

Reals = NDArray[np.float64]
Ints = NDArray[np.int64]


def grid(shape: tuple[int, int, int], config: BlindConfig | None = None) -> tuple[Ints, Ints]:
    """(row cuts, column cuts) of a cube's slices: tile (i, j) is rows cuts[i]:cuts[i + 1].

    shape (Z, H, W). Tiles are alike within a pixel and cover a slice without rest.
    """
    settings = config or BlindConfig()
    side = (shape[1] * shape[2]) ** 0.5 / settings.across
    side = min(max(side, settings.smallest), settings.largest)

    def cuts(length: int) -> Ints:
        # Rounded up where rounding would make a tile larger than people can draw.
        count = max(1, round(length / side), -(-length // settings.largest))
        return np.linspace(0, length, count + 1).round().astype(np.int64)

    return cuts(shape[1]), cuts(shape[2])


def permanent_numbers(z: Ints, seed: int, spread: int = 20) -> Reals:
    """(N,) the random number in [0, 1) that each tile keeps: the same for the same z and seed.

    Each is uniform. Tiles at one place of the slices of an eighth of the cube share out the range
    between them, so that a sample is spread over z and over the plane as a stratified one is.
    """
    rng = np.random.default_rng(seed)
    band = z // max(1, -(-(int(z.max(initial=0)) + 1) // 8))
    first = np.searchsorted(z, z)
    place = np.arange(len(z)) - first
    order = np.lexsort((z, place, band))
    numbers = np.empty(len(z))
    for start in range(0, len(z), spread):
        block = order[start : start + spread]
        numbers[block] = (rng.permutation(len(block)) + rng.random(len(block))) / len(block)
    return numbers


def sizes(doubt: Reals, area: Reals, config: BlindConfig | None = None) -> Reals:
    """(N,) what each tile's chance is proportional to; sums to 1.

    doubt: voxels that the model expects to be wrong; area: voxels. Most goes with the expected
    spread of the error, which grows like the root of its mean; a share is spread over the area, so
    that what the model does not doubt at all is looked at too.
    """
    settings = config or BlindConfig()
    usual = float(area.mean()) if len(area) else 0.0
    expected = np.maximum(np.nan_to_num(doubt), 0.0)
    spread: Reals = np.sqrt(expected * (expected + 0.1 * usual))
    flat: Reals = area / area.sum()
    if spread.sum() <= 0:
        return flat
    mixed: Reals = (1 - settings.spread_share) * spread / spread.sum()
    mixed += settings.spread_share * flat
    return mixed


def chances(size: Reals, area: Reals, share: float, before: Reals | None = None) -> Reals:
    """(N,) chances proportional to size, at most 1, whose expected audited area is `share` of all.

    before: (N,) the chances of the round before; none falls below its own, so that what was audited
    stays in the sample. Where they alone audit more than `share` they are returned as they are.
    """
    floor = np.zeros(len(size)) if before is None else before
    wanted = min(max(share, 0.0), 1.0) * float(area.sum())

    def at(scale: float) -> Reals:
        return np.maximum(np.minimum(size * scale, 1.0), floor)

    if float((floor * area).sum()) >= wanted or not size.any():
        return floor
    low, high = 0.0, 1.0 / float(size[size > 0].min())
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if (at(middle) * area).sum() >= wanted else (middle, high)
    return at(high)
