"""Completeness and purity of a cube's objects, from tiles drawn blind.

A tall object is met by more tiles than a flat one: counted as met, it would count too often. Here
an object that crosses m tiles weighs 1 / m in each (the weight share method: Lavallee, "Indirect
Sampling", 2007), so that all objects weigh alike once every tile stands for 1 / chance tiles.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from skimage.measure import label

from models.labels import Labels, Mask
from models.quality.certificate import FEWEST, LOWER, Interval
from models.quality.dirichlet import highest, lowest

MATCH = 0.5
"""Share of a cross-section that must be labelled likewise for it to count as found, or as real."""
_ALIKE = 5

Reals = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Heights:
    """The exported mask's objects, ids 1..N; entry 0 of each array is background.

    tiles (N + 1,): tiles of the audit grid that each crosses; volume (N + 1,): voxels.
    """

    tiles: NDArray[np.int64]
    volume: NDArray[np.int64]

    def like(self, pixels: int) -> float:
        """Tiles that an unseen object of such a cross-section probably crosses: the median of the
        objects whose cross-sections are most alike; 1 where there is none."""
        tiles, volume = self.tiles[1:], self.volume[1:]
        there = tiles > 0
        if not there.any():
            return 1.0
        tiles, section = tiles[there], volume[there] / tiles[there]
        away = np.abs(np.log(np.maximum(section, 1) / max(pixels, 1)))
        nearest = np.argsort(away, kind="stable")[:_ALIKE]
        return float(np.median(tiles[nearest]))


@dataclass(frozen=True, slots=True)
class Met:
    """Objects of one tile by weight: true ones, those of them found; predicted ones, real ones."""

    true: float = 0.0
    found: float = 0.0
    predicted: float = 0.0
    real: float = 0.0


def met(truth: Labels, predicted: Labels, ids: Labels, valid: Mask, heights: Heights) -> Met:
    """What one audited tile says of objects.

    truth, predicted: (H, W) classes 0..K; ids: (H, W) object ids of the exported mask in 3D; valid:
    (H, W) bool, where the blind mask was sure. A true cross-section crosses as many tiles as the
    exported object that it shares most with; a missed one as many as objects of its size do.
    """
    agreed = (truth == predicted) & (truth > 0) & valid
    whole_predicted, whole_real = 0.0, 0.0
    for identity in np.unique(ids[(ids > 0) & valid]):
        here = (ids == identity) & valid
        weight = 1.0 / max(int(heights.tiles[identity]), 1)
        whole_predicted += weight
        whole_real += weight * bool(agreed[here].mean() >= MATCH)
    weights: dict[int, tuple[float, bool]] = {}
    pieces = label(np.where(valid, truth, 0), background=0, connectivity=1)  # type: ignore[no-untyped-call]
    for number in range(1, int(pieces.max(initial=0)) + 1):
        here = pieces == number
        found = bool(agreed[here].mean() >= MATCH)
        shared = ids[here & agreed]
        if len(shared):
            # Two pieces of one object in a tile are one object.
            key = int(np.bincount(shared.astype(np.int64)).argmax())
            weight = 1.0 / max(int(heights.tiles[key]), 1)
            weights[key] = (weight, found or weights.get(key, (0.0, False))[1])
        else:
            weights[-number] = (1.0 / heights.like(int(here.sum())), found)
    whole_true = sum(weight for weight, _ in weights.values())
    whole_found = sum(weight for weight, found in weights.values() if found)
    return Met(whole_true, whole_found, whole_predicted, whole_real)


def share(part: Reals, whole: Reals, chance: Reals, alpha: float = 0.05) -> Interval:
    """Sum of parts over sum of wholes in all tiles, from the audited ones, at level 1 - alpha.

    part, whole, chance: (n,). The unseen tile of the bounds holds as much as the fullest audited
    one, all of it wrong for the lower bound and all of it right for the upper. NaN and 0..1 where
    no tile held an object; 0..1 with fewer than FEWEST tiles that did.
    """
    top, base = part / chance, whole / chance
    if not len(base) or base.sum() <= 0:
        return Interval(float("nan"), 0.0, 1.0)
    value = float(np.clip(top.sum() / base.sum(), 0.0, 1.0))
    if int((base > 0).sum()) < FEWEST or alpha <= 0:
        return Interval(value, 0.0, 1.0)
    fullest = float(base.max())
    whole_of_all = np.append(base, fullest)[None]
    low = lowest(np.append(top, 0.0)[None], whole_of_all, LOWER * alpha)
    high = highest(np.append(top, fullest)[None], whole_of_all, (1 - LOWER) * alpha)
    return Interval(value, min(low, value), max(min(high, 1.0), value))
