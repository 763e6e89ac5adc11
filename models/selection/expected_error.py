"""How many voxels of a task are wrong, expected from its scores, and learned from those corrected.

Scores are means over a task's area; times the area they are voxels, and errors and scores alike run
over orders of magnitude, so all is done in logarithms:

    log(1 + wrong voxels) = b + sum over scores w_k * log(1 + score_k * area)

A study starts with few corrected tasks, or none. So b and w are drawn towards a fixed combination
(ridge regression around PRIOR instead of around 0): with nothing corrected it is that combination,
and every corrected task moves it. How strongly it is held is chosen by cross-validation on blocks
along z, never on random neighbours, which look alike; "not moved at all" is among the choices.
Expected voxels are calibrated so that in cross-validation their sum is right.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr

from models.config import ExpectedErrorConfig
from models.selection.pool import Ints, Reals

PRIOR: Mapping[str, float] = {
    "doubt": 0.2,
    "entropy": 0.0,
    "z_disagreement": 0.4,
    "interpolation_disagreement": 0.0,
    "discriminator": 0.4,
    "discriminator_binary": 0.0,
    "flip_disagreement": 0.2,
    "foreground": -0.2,
}
"""Weights of the fixed combination, chosen on tuning data (phantom, hippocampus). Scores at 0 added
nothing there; they are learned from where a study's own corrections say otherwise."""
OFFSET = -1.2
"""Its b, from the same data: there it made the sum of expected voxels right within a third."""
HOLDS = (np.inf, 100.0, 30.0, 10.0)
"""How strongly the fixed combination is held, in examples; inf: only the scale is learned."""


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """n tasks that were proposed, then corrected.

    scores: name -> (n,) means over the task's area at the time; NaN where there was none.
    area, error: (n,) voxels of the task, and of them those that were wrong.
    cube, z: (n,) where it lies.
    """

    scores: Mapping[str, Reals]
    area: Reals
    error: Reals
    cube: Ints
    z: Ints

    def __len__(self) -> int:
        return len(self.error)

    def only(self, which: NDArray[Any]) -> "Examples":
        """Some of them, by mask or index."""
        return Examples(
            {name: values[which] for name, values in self.scores.items()},
            self.area[which],
            self.error[which],
            self.cube[which],
            self.z[which],
        )


@dataclass(frozen=True, slots=True, eq=False)
class ErrorModel:
    """offset b, weights (F,) in the order of PRIOR, and the factor that calibrates their sum."""

    offset: float
    weights: Reals
    factor: float = 1.0

    def predict(self, scores: Mapping[str, Reals], area: Reals) -> Reals:
        """(N,) voxels expected wrong, finite, between 0 and the area."""
        return self.voxels(self.logs(features(scores, area)), area)

    def logs(self, given: Reals) -> Reals:
        """(N,) expected log(1 + wrong voxels) from features (N, F)."""
        logs: Reals = self.offset + given @ self.weights
        return logs

    def voxels(self, logs: Reals, area: Reals) -> Reals:
        """(N,) voxels from `logs`."""
        voxels: Reals = np.clip(self.factor * np.expm1(np.clip(logs, 0, 30)), 0, area)
        return voxels


@dataclass(frozen=True, slots=True, eq=False)
class ErrorFit:
    """A model, and how well it foretold tasks it had not seen, beside the plain scores.

    held: how strongly PRIOR is held (HOLDS); inf where only its scale was learned.
    rank_correlation: Spearman's, cross-validated, expected against true error; NaN where too few.
    calibration: cross-validated sum of expected over sum of true voxels; NaN where too few.
    alone: the same rank correlation of single scores, for comparison.
    """

    model: ErrorModel
    examples: int
    held: float
    rank_correlation: float
    calibration: float
    alone: Mapping[str, float]

    def report(self) -> dict[str, Any]:
        """As JSON, to be stored with the round."""
        return {
            "method": "fixed combination" if np.isinf(self.held) else "ridge around it",
            "examples": self.examples,
            "held": None if np.isinf(self.held) else self.held,
            "offset": round(self.model.offset, 4),
            "weights": {
                n: round(float(w), 4) for n, w in zip(PRIOR, self.model.weights, strict=True)
            },
            "factor": round(self.model.factor, 4),
            "rank_correlation": _plain(self.rank_correlation),
            "calibration": _plain(self.calibration),
            "alone": {name: _plain(value) for name, value in self.alone.items()},
        }


def features(scores: Mapping[str, Reals], area: Reals) -> Reals:
    """(N, F) logarithms of the scores in voxels, in the order of PRIOR, all finite.

    A missing score takes the mean of the task's others, weighted as PRIOR has them.
    """
    weights = np.array(list(PRIOR.values()))
    columns = np.full((len(area), len(PRIOR)), np.nan)
    for k, name in enumerate(PRIOR):
        if name in scores:
            voxels = np.clip(np.asarray(scores[name], dtype=np.float64), 0, None) * area
            columns[:, k] = np.where(np.isfinite(voxels), np.log1p(np.abs(voxels)), np.nan)
    there = np.isfinite(columns) * np.maximum(weights, 1e-3)
    total = there.sum(axis=1)
    filled = np.where(np.isfinite(columns), columns, 0)
    stand_in = np.divide(
        (filled * there).sum(axis=1), total, out=np.zeros(len(area)), where=total > 0
    )
    return np.where(np.isfinite(columns), columns, stand_in[:, None])


def cold_start() -> ErrorModel:
    """The fixed combination alone."""
    return ErrorModel(OFFSET, np.array(list(PRIOR.values())))


def fit_expected_error(examples: Examples, config: ExpectedErrorConfig | None = None) -> ErrorFit:
    """The model learned from corrected tasks; the fixed combination where they are too few."""
    settings = config or ExpectedErrorConfig()
    good = np.isfinite(examples.error) & np.isfinite(examples.area) & (examples.area > 0)
    examples = examples.only(good)
    n = len(examples)
    nothing = float("nan")
    if n < settings.minimum:
        return ErrorFit(cold_start(), n, np.inf, nothing, nothing, {})
    given, target = features(examples.scores, examples.area), np.log1p(examples.error)
    folds = z_folds(examples.cube, examples.z, settings.folds)
    foretold = {
        hold: _foretold(given, target, folds, examples, hold, settings.purge) for hold in HOLDS
    }
    loss = {hold: float(np.mean((logs - target) ** 2)) for hold, logs in foretold.items()}
    # The strongest hold that is about as good as the best one: few examples make luck look good.
    best = min(loss.values())
    held = next(hold for hold in HOLDS if loss[hold] <= best * (1 + settings.patience / n))
    raw = _fit(given, target, held)
    plain = np.expm1(np.clip(foretold[held], 0, 30))
    # Worth as much as `minimum` average tasks that were foretold rightly.
    calm = settings.minimum * float(examples.error.mean())
    factor = (float(examples.error.sum()) + calm) / max(float(plain.sum()) + calm, 1e-9)
    factor = float(np.clip(factor, 0.1, 10.0))
    model = ErrorModel(raw.offset, raw.weights, factor)
    expected = model.voxels(foretold[held], examples.area)
    names = [name for name, weight in PRIOR.items() if weight >= 0.0]
    return ErrorFit(
        model,
        n,
        held,
        rank_correlation(expected, examples.error),
        float(expected.sum() / examples.error.sum()) if examples.error.sum() > 0 else nothing,
        {
            name: rank_correlation(examples.scores[name], examples.error)
            for name in names
            if name in examples.scores
        },
    )


def z_folds(cube: Ints, z: Ints, folds: int) -> Ints:
    """(n,) number of each example's fold: blocks of slices that follow each other.

    All tiles of a slice fall into one fold. At most `folds`, fewer where there are fewer slices.
    """
    places, where = np.unique(np.column_stack([cube, z]), axis=0, return_inverse=True)
    number = np.empty(len(places), dtype=np.int64)
    for fold, part in enumerate(np.array_split(np.arange(len(places)), min(folds, len(places)))):
        number[part] = fold
    return number[where.ravel()]


def training_mask(cube: Ints, z: Ints, folds: Ints, fold: int, purge: int) -> NDArray[np.bool_]:
    """(n,) bool: what may be learned from when `fold` is foretold.

    Neither the fold itself nor what lies within `purge` slices of it in the same cube, which would
    give it away.
    """
    test = folds == fold
    mask: NDArray[np.bool_] = np.logical_not(test)
    for one in np.unique(cube[test]):
        near = np.abs(z[:, None] - z[test & (cube == one)][None]).min(axis=1) <= purge
        mask &= ~((cube == one) & near)
    return mask


def rank_correlation(values: Reals, error: Reals) -> float:
    """Spearman's; NaN where fewer than 4 pairs are finite or one side is constant."""
    finite = np.isfinite(values) & np.isfinite(error)
    a, b = values[finite], error[finite]
    if len(a) < 4 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return float("nan")
    return float(spearmanr(a, b).statistic)


def _foretold(
    given: Reals, target: Reals, folds: Ints, examples: Examples, hold: float, purge: int
) -> Reals:
    """(n,) each example's log error, foretold without its fold."""
    logs = np.empty(len(target))
    for fold in np.unique(folds):
        mask = training_mask(examples.cube, examples.z, folds, int(fold), purge)
        test = folds == fold
        logs[test] = _fit(given[mask], target[mask], hold).logs(given[test])
    return logs


def _fit(given: Reals, target: Reals, hold: float) -> ErrorModel:
    """Ridge around the fixed combination; its offset is held by one example's worth."""
    prior = cold_start()
    if not len(target):
        return prior
    rest = target - prior.logs(given)
    # An error twice or ten times as large as usual is no news: Huber's weights.
    centre = np.median(rest)
    scale = max(float(np.median(np.abs(rest - centre))) * 1.5, 0.3)
    weight = np.minimum(1.0, 1.5 * scale / np.maximum(np.abs(rest - centre), 1e-9))
    if np.isinf(hold):
        shift = float((weight * rest).sum() / (weight.sum() + 1.0))
        return ErrorModel(prior.offset + shift, prior.weights)
    design = np.column_stack([np.ones(len(target)), given])
    spread = np.concatenate([[1.0], np.maximum(given.std(axis=0), 0.1)])
    scaled = design / spread
    pull = np.diag(np.concatenate([[1.0], np.full(given.shape[1], hold)]))
    step = np.linalg.solve(scaled.T @ (scaled * weight[:, None]) + pull, scaled.T @ (weight * rest))
    change = step / spread
    return ErrorModel(prior.offset + float(change[0]), prior.weights + change[1:])


def _plain(value: float) -> float | None:
    return round(float(value), 4) if np.isfinite(value) else None
