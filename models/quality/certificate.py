"""Dice of a whole cube from tiles that were drawn blind, with an interval valid at any time.

Every tile of the cube had a known chance of being audited, in proportion to what the model expects
to be wrong there (see models.selection.blind). An audited tile therefore stands for 1 / chance
tiles, and error / chance is of like size for all of them: the model's expectation assists, and
where it is wrong the interval widens, not breaks. The total is sum of chances times mean of
error / chance (Hajek's ratio), so tiles that nobody got round to do not shrink it.

The whole cube is the population, known slices and agreed masks included: agreement reached over a
proposal proves nothing about it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.quality.dirichlet import highest, lowest, ratio

FEWEST = 5
"""Audited tiles below which nothing is said."""
UNSEEN = 0.85
"""What a tile that the sample did not show is taken to have false, and as much again missed, where
no audited one was as bad: this share of the foreground per chance in the tiles not audited."""
LOWER = 0.2
"""Share of the doubt that the lower bound gets: a study stops by it, so it is to be wrong least."""

_UNSURE_ONLY = np.array([1.0, 0.0, 0.0])[:, None, None]

Reals = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Tiles:
    """The audited tiles, with K classes.

    chance: (n,) probability with which each was drawn, in (0, 1].
    predicted, true, both: (K, n) voxels of the exported mask, of the blind mask, and of both, where
    the blind mask was sure; unsure: (K, n) voxels of the exported mask where it was not.
    """

    chance: Reals
    predicted: Reals
    true: Reals
    both: Reals
    unsure: Reals

    def __post_init__(self) -> None:
        if len(self.chance) and not (self.chance.min() > 0 and self.chance.max() <= 1):
            raise ValueError("A tile's chance of being audited lies above 0 and is at most 1.")
        for values in (self.predicted, self.true, self.both, self.unsure):
            if values.ndim != 2 or values.shape[1] != len(self.chance):
                raise ValueError(
                    f"Counts of {len(self.chance)} tiles must be (classes, tiles), "
                    f"not {values.shape}."
                )


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate in 0..1 (NaN where there is none) with its bounds."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Certified:
    """The mean over classes, each class, how many tiles it rests on, and a sentence on limits."""

    dice: Interval
    classes: tuple[Interval, ...]
    tiles: int
    note: str


def certify(tiles: Tiles, predicted: Reals, chances: Reals, alpha: float = 0.05) -> Certified:
    """Dice of the exported mask: estimate and two-sided interval at level 1 - alpha.

    predicted: (K,) voxels of the exported mask in the whole cube; chances: (N,) of all its tiles,
    audited or not. Voxels that nobody can be sure of count neither for nor against. One weighting
    is applied to every class, so the interval of the mean over classes is that of the mean itself,
    whatever their correlation. With alpha 0, or fewer than FEWEST tiles, the interval is 0 to 1. A
    class that is nowhere has Dice 1.
    """
    n, count = len(tiles.chance), len(predicted)
    nothing = Interval(float("nan"), 0.0, 1.0)
    if n == 0:
        return Certified(nothing, (nothing,) * count, 0, "Nothing has been audited blind yet.")
    # (3, K, n): unsure, false and missed voxels of a cube that is all like each tile.
    parts = np.stack([tiles.unsure, tiles.predicted - tiles.both, tiles.true - tiles.both])
    parts *= float(chances.sum()) / tiles.chance
    mean = parts.mean(axis=2, keepdims=True)
    top, base = _sizes(predicted, mean)
    if n < FEWEST or alpha <= 0:
        whole = [Interval(float(ratio(t, b)), 0.0, 1.0) for t, b in zip(top, base, strict=True)]
        if n >= FEWEST:
            why = "No tile was audited since the last certificate."
        elif n == 1:
            why = f"One blind tile says too little; {FEWEST} are needed."
        else:
            why = f"{n} blind tiles say too little; {FEWEST} are needed."
        value = float(np.mean([interval.value for interval in whole]))
        return Certified(Interval(value, 0.0, 1.0), tuple(whole), n, why)
    drawn = mean + _finite(tiles.chance, parts - mean, predicted) * (parts - mean)
    # Beside the audited tiles stands one that was not seen; there is none where all were certain.
    bad, good = mean, mean
    if chances.min() < 1:
        bad, good = _worst(tiles, parts, mean, predicted, chances), mean * _UNSURE_ONLY
    low = _sizes(predicted, np.concatenate([drawn, bad], axis=2))
    high = _sizes(predicted, np.concatenate([drawn, good], axis=2))

    def interval(classes: slice) -> Interval:
        value = float(ratio(top[classes].T, base[classes].T)[0])
        least = lowest(low[0][classes], low[1][classes], LOWER * alpha)
        most = highest(high[0][classes], high[1][classes], (1 - LOWER) * alpha)
        return Interval(value, min(least, value), min(max(most, value), 1.0))

    each = tuple(interval(slice(k, k + 1)) for k in range(count))
    together = each[0] if count == 1 else interval(slice(None))
    return Certified(together, each, n, f"From {n} tiles drawn blind.")


def _sizes(predicted: Reals, parts: Reals) -> tuple[Reals, Reals]:
    """(K, n) twice the common voxels, and the predicted and true ones, of which Dice is the ratio.

    parts: (3, K, n) unsure, false and missed voxels.
    """
    unsure, false, missed = parts
    sure = predicted[:, None] - unsure
    return 2 * (sure - false), 2 * sure - false + missed


def _finite(chance: Reals, away: Reals, predicted: Reals) -> float:
    """Standard error of the drawn sample over that of as many independent draws: 0 where all was
    audited. Tiles drawn with certainty bring no chance into the total.

    away: (3, K, n) the tiles' unsure, false and missed voxels less their means.
    """
    parts = (away[1] + away[2]) / np.maximum(predicted, 1)[:, None]
    square = parts.mean(axis=0) ** 2
    if square.sum() <= 0:
        return float(np.sqrt(np.mean(1 - chance)))
    return float(np.sqrt(((1 - chance) * square).sum() / square.sum()))


def _worst(tiles: Tiles, parts: Reals, mean: Reals, predicted: Reals, chances: Reals) -> Reals:
    """(3, K, 1) the unseen tile of the lower bound: as bad as the worst audited one, and at least
    as bad as UNSEEN says of those that were not audited. What is unsure in it does not matter."""
    errors = parts[1:]
    worst = int(np.argmax((errors.sum(axis=0) / np.maximum(predicted, 1)[:, None]).mean(axis=0)))
    whole = float(chances.sum())
    left = max(whole - float(tiles.chance.sum()), 1e-9)
    hidden = np.maximum(predicted - (tiles.predicted + tiles.unsure).sum(axis=1), 0.0)
    least = UNSEEN * (hidden * whole / left)[None, :, None]
    return np.concatenate([mean[:1], np.maximum(errors[:, :, worst : worst + 1], least)])
