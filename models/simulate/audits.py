"""Studies made of counts of voxels a tile, to try certificates on by the hundred.

Either invented, or counted on a real cube whose slices are interpolated from fewer or more of them.
What the invented ones look like was measured on hippocampus cases and phantoms at 8 to 50 % of
slices shown, in tiles a sixth of a slice wide: 14-30 % of tiles hold foreground; the worst 1 % of
tiles hold 14-46 % of the error; doubt and error correlate by .55-.86; doubt sums to .5-3 times the
error; tiles without doubt hold 0-12 % of it (mitochondria: 30 %); a tile's error correlates with
that of the next slice by .1-.8.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from models.config import BlindConfig
from models.labels import Labels
from models.propagation.interpolate import SignedDistances
from models.quality.certificate import Certified, Tiles, certify
from models.quality.spending import level
from models.selection.blind import chances, grid, permanent_numbers, sizes

Reals = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    """One round: voxels of each class in each tile, predicted, true and both (K, N); doubt (N,)."""

    predicted: Reals
    true: Reals
    both: Reals
    doubt: Reals

    @property
    def dice(self) -> float:
        """The mean over classes, of the whole cube."""
        total = self.predicted.sum(1) + self.true.sum(1)
        return float(np.mean(2 * self.both.sum(1) / np.maximum(total, 1)))

    def tiles(self, index: Ints, chance: Reals) -> Tiles:
        """The tiles at `index`, as somebody without fault would audit them."""
        predicted, true, both = (v[:, index] for v in (self.predicted, self.true, self.both))
        return Tiles(chance[index], predicted, true, both, np.zeros_like(both))


@dataclass(frozen=True, slots=True, eq=False)
class AuditedStudy:
    """z (N,): slice of each tile; area (N,): its voxels; one `Counts` a round."""

    z: Ints
    area: Reals
    rounds: tuple[Counts, ...]


def invented(
    rng: np.random.Generator,
    *,
    depth: int = 60,
    across: int = 6,
    dice: Sequence[float] | None = None,
) -> AuditedStudy:
    """A study whose errors cluster, are skewed, and are doubted only in part.

    dice: the quality of each round; by default it improves over eight rounds from .78-.88 to
    .90-.97.
    """
    shape = (depth, across, across)
    area, true, edge = _body(rng, shape)
    if dice is None:
        first, last = rng.uniform(0.78, 0.88), rng.uniform(0.90, 0.97)
        dice = (1 - np.geomspace(1 - first, 1 - last, 8)).tolist()
    skew, alike = rng.uniform(0.8, 1.3), rng.uniform(0.5, 0.85)
    lost_share, trust = rng.uniform(0.0, 0.2), rng.uniform(0.5, 2.5)
    lasting = _noise(rng, shape)
    lost = _lost(rng, shape, true, area)
    rounds = []
    for quality in dice:
        noise = 0.8 * lasting + 0.6 * _noise(rng, shape)
        seen = edge * np.exp(skew * noise)
        doubt = edge * np.exp(skew * (alike * noise + (1 - alike**2) ** 0.5 * _noise(rng, shape)))
        # Half of the visible error is false, so predicted and true are about as large.
        wrong = (1 - quality) * 2 * true.sum()
        seen *= (1 - lost_share) * wrong / seen.sum()
        gone = lost * lost_share * wrong / max(lost.sum(), 1e-9)
        false = np.minimum(seen / 2, area - true)
        missed = np.minimum(seen / 2 + gone, true)
        both = true - missed
        rounds.append(_counts(both + false, true, both, doubt * trust * wrong / doubt.sum()))
    return AuditedStudy(np.repeat(np.arange(depth), across * across), area.ravel(), tuple(rounds))


def undoubted(
    rng: np.random.Generator,
    share: float,
    *,
    pixels: float = 150.0,
    depth: int = 60,
    across: int = 6,
    rounds: int = 8,
) -> AuditedStudy:
    """A study whose model doubts one tile in twenty, strongly and well, and does not see objects in
    a share of all others, with no doubt at all.

    pixels: of each such object in its tile. What is doubted improves with the rounds, from .85 to
    .95 were there nothing else; what is not, stays.
    """
    shape = (depth, across, across)
    area, true, edge = _body(rng, shape)
    rank = edge * np.exp(rng.normal(size=shape))
    doubted = rank >= np.quantile(rank, 0.95)
    lost = np.where(~doubted & (rng.random(shape) < share), np.minimum(pixels, area - true), 0.0)
    lasting = np.where(doubted, rank, 0.0)
    counts = []
    for quality in 1 - np.geomspace(0.15, 0.05, rounds):
        seen = lasting * np.exp(0.6 * rng.normal(size=shape))
        seen *= (1 - quality) * 2 * true.sum() / seen.sum()
        both = true - np.minimum(seen / 2, true)
        false = np.minimum(seen / 2, area - true - lost)
        doubt = seen * np.exp(0.3 * rng.normal(size=shape))
        counts.append(_counts(both + false, true + lost, both, doubt))
    return AuditedStudy(np.repeat(np.arange(depth), across * across), area.ravel(), tuple(counts))


def _body(rng: np.random.Generator, shape: tuple[int, int, int]) -> tuple[Reals, Reals, Reals]:
    """Of each tile its voxels, those of the foreground, and how much outline there may be."""
    area = np.full(shape, 600.0)
    field = gaussian_filter(rng.normal(size=shape), (4, 0.8, 0.8))
    filled = rng.uniform(0.14, 0.30)
    inside = np.clip((field - np.quantile(field, 1 - filled)) / field.std(), 0, None)
    true = area * np.clip(inside / 1.5, 0, 0.95)
    return area, true, np.sqrt(true / area * (1 - true / area)) * area


def _counts(predicted: Reals, true: Reals, both: Reals, doubt: Reals) -> Counts:
    flat = [values.reshape(1, -1) for values in (predicted, true, both)]
    return Counts(flat[0], flat[1], flat[2], doubt.ravel())


def _noise(rng: np.random.Generator, shape: tuple[int, int, int]) -> Reals:
    """Standard normal, half of it shared by neighbouring slices."""
    along = gaussian_filter(rng.normal(size=shape), (2, 0, 0))
    mixed: Reals = 0.7 * along / along.std() + 0.7 * rng.normal(size=shape)
    return mixed


def _lost(rng: np.random.Generator, shape: tuple[int, int, int], true: Reals, area: Reals) -> Reals:
    """Objects, one to four slices high, that nobody doubts and the model does not see."""
    result = np.zeros(shape)
    places = np.argwhere(true > 0)
    for z, y, x in places[rng.integers(0, len(places), 12)]:
        result[z : z + rng.integers(1, 5), y, x] = 1.0
    return result * np.minimum(true, 0.3 * area)


def counted(
    truth: Labels, classes: int, shown: Sequence[float], config: BlindConfig | None = None
) -> AuditedStudy:
    """A real cube (Z, H, W), labels 0..K: each round interpolates from that share of its slices."""
    depth = len(truth)
    rows, columns = grid(truth.shape, config)
    order = _bisection(depth)
    rounds = []
    for share in shown:
        known = {int(z): truth[z] for z in sorted(order[: max(2, round(share * depth))])}
        distances = SignedDistances(known, truth.shape, classes)
        planes = [_plane(distances, z, truth[z], classes, rows, columns) for z in range(depth)]
        stacked = np.stack(planes, axis=1).reshape(3 * classes + 1, -1)
        predicted, true, both = stacked[:-1].reshape(3, classes, -1)
        rounds.append(Counts(predicted, true, both, stacked[-1]))
    area = np.outer(np.diff(rows), np.diff(columns)).astype(np.float64).ravel()
    return AuditedStudy(np.repeat(np.arange(depth), len(area)), np.tile(area, depth), tuple(rounds))


def _plane(
    distances: SignedDistances, z: int, truth: Labels, classes: int, rows: Ints, columns: Ints
) -> Reals:
    """(3 K + 1, tiles) predicted, true, both and doubt of one slice."""
    evidence = distances.logit_evidence(z)
    away = np.where(np.isfinite(evidence.slices), evidence.slices, 40.0)
    odds = np.exp(evidence.distance * 1.5 * np.exp(-away / 5))
    doubt = 1 - np.maximum(odds.max(axis=0), 1) / (1 + odds.sum(axis=0))
    if z in distances.known:
        doubt = np.zeros_like(doubt)
    labels = distances.labels(z)
    values = range(1, classes + 1)
    maps = [labels == k for k in values] + [truth == k for k in values]
    maps += [(labels == k) & (truth == k) for k in values] + [doubt]
    stacked = np.stack([m.astype(np.float64) for m in maps])
    summed = np.add.reduceat(np.add.reduceat(stacked, rows[:-1], 1), columns[:-1], 2)
    flat: Reals = summed.reshape(len(maps), -1)
    return flat


def _bisection(depth: int) -> list[int]:
    """Slices in the order of halving the widest gap."""
    order = [0, depth - 1][:depth]
    while len(order) < depth:
        known = sorted(order)
        widest = int(np.argmax(np.diff(known)))
        order.append((known[widest] + known[widest + 1]) // 2)
    return order


@dataclass(frozen=True, slots=True)
class Look:
    """One round's certificate: the truth, the share of the area audited so far, what was said.

    tiles, predicted, chances: what it was said of, see `certify`; alpha: what the look cost.
    """

    dice: float
    audited: float
    certified: Certified
    tiles: Tiles
    predicted: Reals
    chances: Reals
    alpha: float


def looks(
    study: AuditedStudy, seed: int, *, fresh: bool = False, config: BlindConfig | None = None
) -> Iterator[Look]:
    """What a study's certificates say, round by round, the planned share spread over the rounds.

    Held back, every tile ever audited certifies the mask of today. With `fresh` each round's tiles
    certify once and are then released; each look may then cost the same, since none knows more than
    another.
    """
    settings = config or BlindConfig()
    rng = np.random.default_rng(seed)
    count = len(study.rounds)
    chance, before = np.zeros(len(study.area)), [0.0]
    numbers: Reals | None = None
    for number, now in enumerate(study.rounds, start=1):
        size = sizes(now.doubt, study.area, settings)
        if numbers is None or fresh:
            numbers = permanent_numbers(study.z, int(rng.integers(2**31)))
        if fresh:
            chance = chances(size, study.area, settings.planned / count)
        else:
            chance = chances(size, study.area, settings.planned * number / count, chance)
        index = np.flatnonzero(numbers < chance)
        audited = float(study.area[index].sum() / study.area.sum())
        alpha = 0.05 / count if fresh else level(audited, before, settings.planned)
        before.append(audited)
        tiles, predicted = now.tiles(index, chance), now.predicted.sum(1)
        certified = certify(tiles, predicted, chance, alpha)
        yield Look(now.dice, audited, certified, tiles, predicted, chance, alpha)
