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

from models.quality.dirichlet import DRAWS, weightings

FEWEST = 5
"""Audited tiles below which nothing is said."""
UNSEEN_LOSS = 2 / 3
"""Share of the foreground that a tile as bad as any yet unseen is taken to have wrong and missed,
where the sample shows none as bad."""

LOWER = 0.05
"""Share of the doubt that the lower bound gets: a study stops by it, so it is to be wrong least."""

Reals = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Tiles:
    """The audited tiles, with K classes.

    chance: (n,) probability with which each was drawn, in (0, 1].
    predicted, true, both: (K, n) voxels of the exported mask, of the blind mask, and of both.
    """

    chance: Reals
    predicted: Reals
    true: Reals
    both: Reals

    def __post_init__(self) -> None:
        if len(self.chance) and not (self.chance.min() > 0 and self.chance.max() <= 1):
            raise ValueError("A tile's chance of being audited lies above 0 and is at most 1.")
        for values in (self.predicted, self.true, self.both):
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


def certify(tiles: Tiles, predicted: Reals, expected: float, alpha: float = 0.05) -> Certified:
    """Dice of the exported mask: estimate and two-sided interval at level 1 - alpha.

    predicted: (K,) voxels of the exported mask in the whole cube; expected: sum of all tiles'
    chances, audited or not. One random weighting is applied to every class, so the interval of
    the mean over classes is that of the mean itself, whatever their correlation. With alpha 0, or
    fewer than FEWEST tiles, the interval is 0 to 1. A class that is nowhere has Dice 1.
    """
    n, count = len(tiles.chance), len(predicted)
    nothing = Interval(float("nan"), 0.0, 1.0)
    if n == 0:
        return Certified(nothing, (nothing,) * count, 0, "Nothing has been audited blind yet.")
    false = (tiles.predicted - tiles.both) / tiles.chance
    missed = (tiles.true - tiles.both) / tiles.chance
    point = _dice(predicted, expected * false.mean(1), expected * missed.mean(1))
    if n < FEWEST or alpha <= 0:
        whole = tuple(Interval(float(d), 0.0, 1.0) for d in point)
        if n >= FEWEST:
            why = "No tile was audited since the last certificate."
        elif n == 1:
            why = f"One blind tile says too little; {FEWEST} are needed."
        else:
            why = f"{n} blind tiles say too little; {FEWEST} are needed."
        return Certified(Interval(float(point.mean()), 0.0, 1.0), whole, n, why)
    worst = int(np.argmax(((false + missed) / np.maximum(predicted, 1)[:, None]).mean(axis=0)))
    floor = UNSEEN_LOSS * predicted / max(expected, 1e-9)
    unseen_false, unseen_missed = (np.maximum(v[:, worst], floor) for v in (false, missed))
    lows, highs = [], []
    errors = np.concatenate([false, missed]).astype(np.float32)
    for weight, unseen in weightings(n, DRAWS):
        sums = (weight @ errors.T).astype(np.float64)
        wrong, lost = sums[:, :count], sums[:, count:]
        highs.append(_dice(predicted, expected * wrong, expected * lost))
        wrong = wrong + unseen[:, None] * unseen_false
        lost = lost + unseen[:, None] * unseen_missed
        lows.append(_dice(predicted, expected * wrong, expected * lost))
    shrink = _finite(tiles, false, missed, predicted)
    low, high = (point + shrink * (np.concatenate(v) - point) for v in (lows, highs))
    each = tuple(_interval(point[k], low[:, k], high[:, k], alpha) for k in range(count))
    mean = _interval(point.mean(), low.mean(axis=1), high.mean(axis=1), alpha)
    return Certified(mean, each, n, f"From {n} tiles drawn blind.")


def _dice(predicted: Reals, false: Reals, missed: Reals) -> Reals:
    """(..., K) Dice from the totals of false and missed voxels (..., K)."""
    both = np.maximum(predicted - false, 0.0)
    total = predicted + both + missed
    return np.where(total > 0, 2 * both / np.where(total > 0, total, 1.0), 1.0)


def _finite(tiles: Tiles, false: Reals, missed: Reals, predicted: Reals) -> float:
    """Standard error of the drawn sample over that of as many independent draws: 0 where all was
    audited. Tiles drawn with certainty bring no chance into the total."""
    parts = (false - false.mean(1, keepdims=True)) + (missed - missed.mean(1, keepdims=True))
    square = ((parts / np.maximum(predicted, 1)[:, None]).mean(axis=0)) ** 2
    if square.sum() <= 0:
        return float(np.sqrt(np.mean(1 - tiles.chance)))
    return float(np.sqrt(((1 - tiles.chance) * square).sum() / square.sum()))


def _interval(point: float, low: Reals, high: Reals, alpha: float) -> Interval:
    least = float(np.quantile(low, LOWER * alpha, method="lower"))
    most = float(np.quantile(high, 1 - (1 - LOWER) * alpha, method="higher"))
    value = float(np.clip(point, 0, 1))
    return Interval(value, float(np.clip(least, 0, value)), float(np.clip(most, value, 1)))


def normal_interval(
    tiles: Tiles, predicted: Reals, expected: float, alpha: float = 0.05
) -> Interval:
    """The plain normal interval from the same tiles: what `certify` is compared with."""
    from scipy.stats import norm

    n = len(tiles.chance)
    false = (tiles.predicted - tiles.both) / tiles.chance
    missed = (tiles.true - tiles.both) / tiles.chance
    false_all, missed_all = expected * false.mean(1), expected * missed.mean(1)
    point = _dice(predicted, false_all, missed_all)
    total = np.maximum(2 * predicted - false_all + missed_all, 1e-9)
    a, b = false - false.mean(1, keepdims=True), missed - missed.mean(1, keepdims=True)
    part = ((-2 * a + point[:, None] * (a - b)) / total[:, None]).mean(axis=0)
    reach = float(norm.ppf(1 - alpha / 2)) * expected * float(np.sqrt((part**2).sum())) / n
    value = float(point.mean())
    return Interval(value, value - reach, value + reach)
