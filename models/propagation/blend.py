"""Predictions that build on known masks: the model's log-odds plus what interpolation says.

    log-odds = trust * logit(p) + weight * signed distance * exp(-slices to the nearest known /
    decay)

for each class against the background, softmax over them; a known pixel is 0 or 1. The three numbers
are fitted on slices whose probabilities were predicted before the slices became known, so the model
had not seen them.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from models.config import PropagationConfig
from models.labels import Floats, Labels, Mask
from models.propagation.interpolate import Evidence, SignedDistances

PRIOR = 1.0
"""How much `config` counts, in slices whose loss is the usual one. The examples were foretold by an
earlier model, which needed its known neighbours more than the one that the fit will serve."""

SMALLEST = 1.0 / 512
"""Probabilities are stored as uint8, so nothing is known beyond half a step from 0 or 1."""


@dataclass(frozen=True, slots=True, eq=False)
class HeldOut:
    """A slice predicted before it was known, and what came out.

    probability: (K, H, W) of the model alone, made without this slice's labels.
    evidence:    what the slices known at that time said (SignedDistances.without(z) does it
                 afterwards).
    truth:       (H, W) agreed labels 0..K; certain: (H, W) bool, where they count.
    """

    probability: Floats
    evidence: Evidence
    truth: Labels
    certain: Mask


@dataclass(frozen=True, slots=True)
class BlendFit:
    """Fitted settings and what they gained on the slices they were fitted on (mean log loss,
    nats a pixel)."""

    config: PropagationConfig
    examples: int
    loss_model: float
    loss_blend: float


def log_odds(probability: NDArray[np.floating]) -> Floats:
    """(K, ...) log-odds of each class against the background 1 - sum(p), from (K, ...)
    probabilities."""
    clipped = np.clip(probability.astype(np.float32), SMALLEST, 1 - SMALLEST)
    rest = np.clip(1 - probability.sum(axis=0, dtype=np.float32), SMALLEST, 1 - SMALLEST)
    result: Floats = np.log(clipped) - np.log(rest)
    return result


def probabilities(odds: Floats) -> Floats:
    """(K, ...) probabilities from log-odds against the background: softmax over the classes and
    0."""
    top = np.maximum(odds.max(axis=0), 0)
    parts = np.exp(odds - top)
    result: Floats = parts / (parts.sum(axis=0) + np.exp(-top))
    return result


def blend_slice(
    probability: NDArray[np.floating], evidence: Evidence, config: PropagationConfig
) -> Floats:
    """(K, H, W) float32: the model's probabilities of one slice moved by the evidence of its known
    neighbours.

    Nothing is put in as known here; see `blend`.
    """
    fade = np.exp(-evidence.slices / np.float32(config.decay))
    moved = config.trust * log_odds(probability) + config.weight * evidence.distance * fade
    return probabilities(moved.astype(np.float32))


def blend(
    probability: NDArray[np.floating],
    z0: int,
    known: SignedDistances,
    config: PropagationConfig | None = None,
) -> Floats:
    """(K, dz, H, W) float32 probabilities of slices z0..z0+dz-1, given the known masks of the cube.

    `probability` has the same shape, values in 0..1 (uint8 proposals: divide by 255 first). Known
    pixels become exactly 0 or 1. Raises ValueError where shapes do not match the cube of `known`.
    """
    K, depth = probability.shape[:2]
    if known.classes != K or probability.shape[2:] != tuple(known.shape[1:]):
        raise ValueError(
            f"Probabilities of shape {probability.shape} do not fit a cube of {known.classes} "
            f"classes and shape {known.shape}; predict whole slices of this cube."
        )
    settings = config or known.config
    result = np.empty(probability.shape, dtype=np.float32)
    for i in range(depth):
        plane = probability[:, i]
        if known.known:
            result[:, i] = blend_slice(plane, known.logit_evidence(z0 + i), settings)
            known.overwrite(z0 + i, result[:, i])
        else:
            result[:, i] = plane
    return result


def fit_blend(
    examples: Iterable[HeldOut],
    config: PropagationConfig | None = None,
    *,
    pixels: int = 20_000,
    seed: int = 0,
) -> BlendFit:
    """Weight, decay and trust that make held-out slices most likely; `config` stands where there
    are too few.

    Leaving a known slice out widens the gap around it, for the network, which was not shown it
    either, as for interpolation: what the one is worth beside the other is taken to stay the same.

    Maximises the penalised likelihood (a pull towards `config`, see PRIOR), on at
    most `pixels` pixels of each slice, drawn where model or interpolation are in doubt or disagree,
    weighted back. Of the examples one at a time is looked at.
    """
    start = config or PropagationConfig()
    rng = np.random.default_rng(seed)
    parts = [p for p in (_sample(item, start, pixels, rng) for item in examples) if p is not None]
    if len(parts) < start.min_examples:
        return BlendFit(start, len(parts), float("nan"), float("nan"))
    model = np.concatenate([p.model for p in parts], axis=1)
    distance = np.concatenate([p.distance for p in parts], axis=1)
    slices = np.concatenate([p.slices for p in parts])
    truth = np.concatenate([p.truth for p in parts])
    weight = np.concatenate([p.weight for p in parts])
    weight = weight / weight.sum()
    # The prior's share falls as 1/n, as that of one slice does.
    origin = np.log([start.weight, start.decay, start.trust])
    spread = np.array([0.7, 0.7, 0.35])
    typical = max(_loss(origin, model, distance, slices, truth, weight), 1e-4)

    def objective(point: NDArray[np.float64]) -> float:
        pull = 0.5 * float((((point - origin) / spread) ** 2).sum())
        fit = _loss(point, model, distance, slices, truth, weight)
        return fit + PRIOR * typical * pull / len(parts)

    low, high = np.log([0.05, 0.5, 0.1]), np.log([20.0, 100.0, 4.0])
    found = minimize(objective, origin, method="L-BFGS-B", bounds=list(zip(low, high, strict=True)))
    a, tau, trust = (float(v) for v in np.exp(found.x))
    alone = _loss(np.log([1e-6, 1.0, 1.0]), model, distance, slices, truth, weight)
    blended = _loss(found.x, model, distance, slices, truth, weight)
    return BlendFit(replace(start, weight=a, decay=tau, trust=trust), len(parts), alone, blended)


@dataclass(frozen=True, slots=True, eq=False)
class _Sample:
    model: Floats  # (K, n) log-odds
    distance: Floats  # (K, n)
    slices: Floats  # (n,)
    truth: NDArray[np.int64]  # (n,)
    weight: NDArray[np.float64]  # (n,)


def _sample(
    item: HeldOut, config: PropagationConfig, pixels: int, rng: np.random.Generator
) -> _Sample | None:
    usable = item.certain & np.isfinite(item.evidence.slices)
    if not usable.any():
        return None
    odds = log_odds(item.probability)
    K = len(odds)
    doubt = usable & (
        (np.abs(odds) < 3).any(axis=0) | (np.abs(item.evidence.distance) < 5).any(axis=0)
    )
    indices, weights = [], []
    for region in (doubt, usable & ~doubt):
        all_of = np.flatnonzero(region)
        if not len(all_of):
            continue
        chosen = all_of
        if len(all_of) > pixels // 2:
            chosen = rng.choice(all_of, pixels // 2, replace=False)
        indices.append(chosen)
        weights.append(np.full(len(chosen), len(all_of) / len(chosen) / usable.sum()))
    index = np.concatenate(indices)
    return _Sample(
        odds.reshape(K, -1)[:, index],
        item.evidence.distance.reshape(K, -1)[:, index],
        item.evidence.slices.ravel()[index],
        np.where(item.truth.ravel()[index] <= K, item.truth.ravel()[index], 0).astype(np.int64),
        np.concatenate(weights),
    )


def _loss(
    point: NDArray[np.float64],
    model: Floats,
    distance: Floats,
    slices: Floats,
    truth: NDArray[np.int64],
    weight: NDArray[np.float64],
) -> float:
    a, tau, trust = np.exp(point)
    odds = trust * model + a * distance * np.exp(-slices / tau)
    padded = np.concatenate([np.zeros_like(odds[:1]), odds])
    top = padded.max(axis=0)
    log_sum = top + np.log(np.exp(padded - top).sum(axis=0))
    own = np.take_along_axis(padded, truth[None], axis=0)[0]
    return float((weight * (log_sum - own)).sum())
