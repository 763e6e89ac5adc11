"""Whether the model foretells how volunteers will vote: predicted against observed vote fraction.

    python -m benchmarks --only votes

Of the brain tumour 7 % of the slices are drawn from nothing, each by five of the pinned cast. Two
models learn from them in equal steps: one from the vote fractions, one from what was agreed on.
Both predict the other slices, which five of the cast draw as well; nobody ever saw those. Pixels
are put in ten bins by the predicted fraction; the row is the largest distance between the mean
predicted and the mean observed fraction in a bin.
"""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

from benchmarks.data import BRATS
from benchmarks.rows import Row, row
from models.config import PredictConfig, TrainConfig
from models.crowd.shares import share_votes
from models.crowd.votes import plurality, vote_share
from models.networks.predict import predict
from models.networks.train import train
from models.networks.types import TrainingCube, TrainingSlice
from models.simulate.cast import from_nothing, pinned_cast
from models.simulate.volunteers import Volunteer

SHOWN = 0.07
"""Share of slices that are drawn, evenly along z."""
PEOPLE = 5
"""Volunteers a slice."""
BINS = 10
ENOUGH = 500
"""Pixels below which a bin says nothing."""
THREADS = 2
TRAINING = TrainConfig(
    soft_targets=True,
    max_seconds=None,
    max_steps=200,
    crop=96,
    windows=4,
    pixels=4 * 96**2,
    threads=THREADS,
)
"""Each step learns from as much as in simulated studies."""

Fractions = NDArray[np.float32]


@dataclass(frozen=True)
class Reliability:
    """Predicted against observed fractions, bin by bin; bins with too few pixels are left out.

    worst: the largest distance in a bin; mean: the mean distance, each bin by its pixels, the
    lowest left out (nearly all of it is sure background); bins: (predicted, observed, pixels).
    """

    worst: float | None
    mean: float | None
    bins: tuple[tuple[float, float, int], ...]


def reliability(predicted: Fractions, observed: Fractions) -> Reliability:
    """Of fractions of equal shape in 0..1; NaN in `observed` is where nobody voted."""
    voted = np.isfinite(observed)
    guess, seen = predicted[voted].astype(np.float64), observed[voted].astype(np.float64)
    place = np.minimum((guess * BINS).astype(np.int64), BINS - 1)
    pixels = np.bincount(place, minlength=BINS)
    sums = [np.bincount(place, each, minlength=BINS) for each in (guess, seen)]
    enough = np.flatnonzero(pixels >= ENOUGH)
    means = [each[enough] / pixels[enough] for each in sums]
    bins = tuple(
        (float(a), float(b), int(n)) for a, b, n in zip(*means, pixels[enough], strict=True)
    )
    away = np.abs(means[0] - means[1])
    inner = enough > 0
    mean = np.average(away[inner], weights=pixels[enough][inner]) if inner.any() else None
    return Reliability(
        float(away.max()) if len(away) else None, None if mean is None else float(mean), bins
    )


@dataclass(frozen=True)
class Votes:
    """What people drew. cube: to learn from; unseen: slices kept aside, as (z, masks)."""

    cube: TrainingCube
    unseen: tuple[tuple[int, list[NDArray[np.uint8]]], ...]


def drawn(image: NDArray[Any], truth: NDArray[np.bool_], key: str, seed: int) -> Votes:
    """PEOPLE of the cast a slice on all slices of a cube (ZYX), SHOWN of them to be learned."""
    rng = np.random.default_rng((seed, 0x707E5))
    cast = pinned_cast(seed)
    low, high = (float(v) for v in np.percentile(image, [0.1, 99.9]))
    count = max(2, round(SHOWN * len(image)))
    shown = np.linspace(0, len(image) - 1, 2 * count + 1)[1::2].round().astype(int)
    known, unseen = {}, []
    for z in range(len(image)):
        masks = _masks(truth[z].astype(np.uint8), cast, rng)
        if z in shown:
            agreed, _ = plurality(masks, np.zeros_like(masks[0]))
            known[z] = TrainingSlice(agreed, fractions=share_votes(masks, 1))
        else:
            unseen.append((z, masks))
    return Votes(TrainingCube(image, low, high, known, key=key), tuple(unseen))


def _masks(
    truth: NDArray[np.uint8], cast: Sequence[Volunteer], rng: np.random.Generator
) -> list[NDArray[np.uint8]]:
    people = [cast[i] for i in rng.choice(len(cast), PEOPLE, replace=False)]
    return from_nothing(people, truth, 1)[0]


@dataclass(frozen=True)
class Foretold:
    """How well the votes on unseen slices were foretold; dice is of what was agreed on there."""

    votes: Reliability
    dice: float


def foretell(votes: Votes, config: TrainConfig) -> Foretold:
    """Train on the drawn slices, predict the others, and hold that against the votes there."""
    with tempfile.TemporaryDirectory() as folder:
        result = train([votes.cube], [1], config, checkpoint_dir=Path(folder))
        assert result.checkpoint is not None
        cube, settings = votes.cube, PredictConfig(threads=THREADS)
        blocks = predict(
            result.checkpoint, cube.image, cube.low, cube.high, settings, known=cube.known
        )
        every = np.concatenate([block.probabilities[0] for block in blocks])
    predicted = np.stack([every[z] for z, _ in votes.unseen])
    observed = np.stack([vote_share(masks, 1) for _, masks in votes.unseen])
    agreed, guess = observed > 0.5, predicted > 0.5
    both, sizes = float((agreed & guess).sum()), float(agreed.sum() + guess.sum())
    return Foretold(reliability(predicted, observed), 2.0 * both / max(sizes, 1.0))


def rows(quick: bool, seed: int) -> list[Row]:
    """One seed where quick, three otherwise: the worst bin of each, averaged."""
    image, truth = tifffile.imread(BRATS.image), tifffile.imread(BRATS.labels) > 0
    soft, hard = [], []
    for one in range(seed, seed + (1 if quick else 3)):
        votes = drawn(image, truth, BRATS.name, one)
        config = replace(TRAINING, seed=one)
        soft.append(foretell(votes, config))
        hard.append(foretell(votes, replace(config, soft_targets=False)))
    peers = {"hard targets": _mean([each.votes.worst for each in hard])}
    for words, found in (("", soft), (", hard targets", hard)):
        peers[f"mean distance{words}"] = _mean([each.votes.mean for each in found])
        peers[f"Dice{words}"] = _mean([each.dice for each in found])
    bins = [[round(value, 4) for value in each] for each in soft[0].votes.bins]
    return [
        row(
            f"votes.{BRATS.name}.worst_decile",
            _mean([each.votes.worst for each in soft]),
            "vote fraction",
            "<= 0.1",
            peers,
            bins=bins,
        )
    ]


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
