"""Where is the edge: a weighted mean of signed distances, among those who drew the object.

An outline is kept as the signed distance to it, so that outlines are averaged and not pixels: the
mean of n people's independent errors is smaller than their median, which is what a majority of
pixels takes.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from models.config import SkillConfig
from models.crowd.skills import Tally, bias, edge_variance
from models.labels import Mask

REACH = 10
"""Pixels at which distances are cut off where they are kept."""
SCALE = 12
"""Steps of a kept distance in a pixel."""
BAND = 1.5
"""People are judged where the agreed outline is so near, in pixels."""
ROUNDS = 3
SAMPLE = 6_000
"""Pixels on which the weights are learned, at most."""
FEWEST = 12
"""Pixels of outline below which a mask says nothing of how well somebody draws."""

Distances = NDArray[np.int8]
Values = NDArray[np.float32]


def signed_distance(mask: Mask) -> Distances:
    """(H, W) distance to the outline in 1/SCALE pixels, above 0 inside, cut off at REACH.

    Outlines run between pixels: those on either side of one are half a pixel from it.
    """
    here = mask.view(np.uint8) if mask.dtype == bool else mask.astype(np.uint8)
    inside = cv2.distanceTransform(here, cv2.DIST_L2, 5)
    outside = cv2.distanceTransform(1 - here, cv2.DIST_L2, 5)
    # One of the two is 0 everywhere, so that their difference is the distance, half a pixel more.
    mixed = cv2.addWeighted(inside, SCALE, outside, -SCALE, 0, dtype=cv2.CV_8S)
    signed: Distances = np.asarray(mixed, dtype=np.int8)
    signed -= here.view(np.int8) * np.int8(SCALE)
    signed += np.int8(SCALE // 2)
    np.clip(signed, -REACH * SCALE, REACH * SCALE, out=signed)
    return signed


def redrawn(mask: Mask, shown: Mask, shown_distance: Distances) -> Distances:
    """The signed distance of a mask that differs from `shown` in a small region, computed there."""
    rows = np.flatnonzero((mask != shown).any(axis=1))
    if not len(rows):
        return shown_distance
    columns = np.flatnonzero((mask != shown).any(axis=0))
    inner = _box(rows, columns, mask.shape, REACH + 1)
    outer = _box(rows, columns, mask.shape, 2 * REACH + 2)
    result = shown_distance.copy()
    near = signed_distance(mask[outer])
    y, x = inner[0].start - outer[0].start, inner[1].start - outer[1].start
    height, width = (s.stop - s.start for s in inner)
    result[inner] = near[y : y + height, x : x + width]
    return result


def _box(
    rows: NDArray[np.int64], columns: NDArray[np.int64], shape: tuple[int, ...], margin: int
) -> tuple[slice, slice]:
    return (
        slice(max(int(rows[0]) - margin, 0), min(int(rows[-1]) + margin + 1, shape[0])),
        slice(max(int(columns[0]) - margin, 0), min(int(columns[-1]) + margin + 1, shape[1])),
    )


@dataclass(frozen=True, slots=True, eq=False)
class Drawings:
    """What n people drew, at m pixels in the zones of K candidates.

    distance: (n, m) float32, pixels, biases known from gold taken off;
    drew: (n, K) who drew each candidate; zone: (m,) the candidate of each pixel;
    left: (n, m) who left a shown outline there as it was; voted: (n, m) who was not unsure;
    shown: (m,) the proposal's distance.
    """

    distance: Values
    drew: NDArray[np.bool_]
    zone: NDArray[np.int32]
    left: NDArray[np.bool_]
    voted: NDArray[np.bool_]
    shown: Values

    def at(self, pixels: NDArray[np.int64] | slice) -> "Drawings":
        return Drawings(
            self.distance[:, pixels],
            self.drew,
            self.zone[pixels],
            self.left[:, pixels],
            self.voted[:, pixels],
            self.shown[pixels],
        )


@dataclass(frozen=True, slots=True, eq=False)
class Outline:
    """distance: (m,) float32 agreed signed distance, pixels; error: (m,) its standard deviation;
    square: (n + 1,) mean square off each person (and last the proposal) is, nan where unknown."""

    distance: Values
    error: Values
    square: NDArray[np.float64]


def agree(
    drawings: Drawings,
    skills: Sequence[Tally],
    trust: NDArray[np.float64],
    heed: NDArray[np.float64],
    config: SkillConfig,
) -> Outline:
    """The agreed outline: everybody's, weighted by how far off they are known to be.

    How far off is learned from earlier tasks and from this one, on a sample of its pixels. Who
    draws wider or narrower than most throughout counts less and less: a mean would follow them
    part of the way, and a median too. People who left a shown outline as it was count together,
    as one annotator, by how much heed they pay. trust, heed: (n,) see Presence.
    """
    m = drawings.distance.shape[1]
    prior, weight = _priors(skills, config)
    sample = drawings.at(slice(None, None, max(1, m // SAMPLE)))
    variance, habit = prior, np.zeros(len(prior), dtype=np.float32)
    agreed = _soft_median(sample, trust)
    share = _equal_shares(sample)
    square = np.full(len(prior), np.nan)
    for _ in range(ROUNDS):
        spread, offset = _off(sample, agreed, habit, share, config)
        seen = ~np.isnan(spread)
        square = spread + np.square(offset)
        variance = np.where(seen, (prior * weight + spread) / (weight + 1), prior)
        # What somebody is off from most throughout is taken off, the more surely the more it is.
        wider = np.where(seen, offset - _most(offset[:-1], trust, config.apart), 0)
        part = wider**4 / (wider**4 + config.apart**4)
        habit = (wider * part).astype(np.float32)
        rest = wider - habit
        variance = variance * (1 + np.square(rest / config.apart))
        agreed, weights = _mean(sample, variance, habit, trust, heed, config)
        share = weights / np.maximum(weights.sum(axis=0), 1e-12)
    distance, weights = _mean(drawings, variance, habit, trust, heed, config)
    total = weights.sum(axis=0)
    error = np.sqrt(1 / np.maximum(total, 1e-3) + config.floor**2).astype(np.float32)
    return Outline(distance, error, square)


def _priors(
    skills: Sequence[Tally], config: SkillConfig
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(n + 1,) expected squares, and the tasks' worth of evidence in each; last the proposal's."""
    everyone = [*skills, Tally()]
    return (
        np.array([edge_variance(t, config) for t in everyone]),
        np.array([config.edge_weight + t.edges for t in everyone]),
    )


def biases(skills: Sequence[Tally], config: SkillConfig) -> NDArray[np.float32]:
    """(n,) how much too wide each is known to draw, in pixels."""
    return np.array([bias(t, config) for t in skills], dtype=np.float32)


def _soft_median(d: Drawings, trust: NDArray[np.float64]) -> Values:
    """A first outline, up to its sign and near 0: those who are far off do not pull it along."""
    weight = (d.drew[:, d.zone] & d.voted) * np.maximum(trust, 0.02)[:, None]
    total = np.maximum(weight.sum(axis=0), 1e-6)
    low = np.full(d.distance.shape[1], -REACH, dtype=np.float32)
    high = -low
    for _ in range(7):
        middle = (low + high) / 2
        above = (weight * np.clip(d.distance - middle, -0.5, 0.5)).sum(axis=0) / total > 0
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    return ((low + high) / 2).astype(np.float32)


def _most(offset: NDArray[np.float64], trust: NDArray[np.float64], apart: float) -> float:
    """Where most of the people lie: from the median on, those further off count for nothing."""
    known = np.isfinite(offset)
    if not known.any():
        return 0.0
    offset, weight = offset[known], np.maximum(trust[known], 0.02)
    order = np.argsort(offset)
    total = weight[order].cumsum()
    low, high = (np.searchsorted(total, total[-1] / 2, side=s) for s in ("left", "right"))
    middle = float(offset[order][[low, min(high, len(order) - 1)]].mean())
    for _ in range(ROUNDS):
        near = weight / np.square(1 + np.square((offset - middle) / apart))
        middle = float(near @ offset / near.sum())
    return middle


def _equal_shares(d: Drawings) -> Values:
    """(n + 1, m) each person's part in an outline that counts all alike; last the proposal's."""
    takes_part = (d.drew[:, d.zone] & d.voted).astype(np.float32)
    part = takes_part / np.maximum(takes_part.sum(axis=0), 1)
    return np.vstack([part, (part * d.left).sum(axis=0)])


def _mean(
    d: Drawings,
    variance: NDArray[np.float64],
    habit: Values,
    trust: NDArray[np.float64],
    heed: NDArray[np.float64],
    config: SkillConfig,
) -> tuple[Values, Values]:
    """At each pixel the weighted mean distance, and (n + 1, m) everybody's weights (1 / pixels²),
    last the proposal's."""
    n, m = d.distance.shape
    reach = np.float32(config.reach)
    part = (np.maximum(trust, 0.02) / variance[:-1]).astype(np.float32)
    weights = np.zeros((n + 1, m), dtype=np.float32)
    summed, left, kept = np.zeros((3, m), dtype=np.float32)
    for i in range(n):
        takes_part = d.drew[i][d.zone] & d.voted[i]
        line = np.clip(d.distance[i] - habit[i], -reach, reach)
        weights[i] = np.where(takes_part & ~d.left[i], part[i], np.float32(0))
        summed += weights[i] * line
        stayed = (takes_part & d.left[i]) * np.float32(max(heed[i], 0.02))
        left += stayed
        # Who draws too wide leaves outlines that are too wide.
        kept += stayed * line
    if left.any():
        worth = 1 / (1 + np.maximum(left - 1, 0) * config.accepting) / variance[-1]
        weights[-1] = left * worth
        summed += kept * worth.astype(np.float32)
    total = weights.sum(axis=0)
    nobody = total <= 0
    mean: Values = np.where(nobody, -1.0, summed / np.where(nobody, 1, total)).astype(np.float32)
    return mean, weights


def _off(
    d: Drawings, agreed: Values, habit: Values, share: Values, config: SkillConfig
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(n + 1,) variance and mean of each one's distance to the agreed outline; nan where there is
    too little of it.

    share: (n + 1, m) each one's part in the agreed outline. Whoever has a part h in it pulls it
    along: they are then nearer to it than to the truth, by 1 - h in the square and in the mean.
    """
    near = np.abs(agreed) <= BAND
    edge = d.at(np.flatnonzero(near))
    drawn = np.concatenate([edge.distance, edge.shown[None]]) - habit[:, None]
    apart = np.clip(drawn, -config.reach, config.reach) - agreed[near]
    alone = np.maximum(1 - share[:, near], 0.1)
    redrew = np.asarray(edge.drew[:, edge.zone] & edge.voted & ~edge.left)
    # The proposal is compared where some changed it and others left it.
    both = np.any(redrew, axis=0) & np.any(edge.left, axis=0)
    counts = np.vstack([redrew, both])
    number = counts.sum(axis=1)
    spread, mean = np.full((2, len(apart)), np.nan)
    enough = number >= FEWEST
    mean[enough] = (apart / alone * counts).sum(axis=1)[enough] / number[enough]
    square = (np.square(apart) / alone * counts).sum(axis=1)[enough] / number[enough]
    spread[enough] = np.maximum(square - np.square(mean[enough]), 0)
    return spread, mean + habit
