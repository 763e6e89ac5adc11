"""Dice of a whole cube from a few randomly audited tasks, with an interval that admits how little
they are.

A stratified, model-assisted estimate (Saerndal, Swensson and Wretman, "Model Assisted Survey
Sampling", 1992): what is known of every task, the size of the predicted mask and the error that the
model itself expects, is scaled by what the audited tasks show. Only the randomly drawn tasks are
looked at, never the chosen ones.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta
from scipy.stats import t as student

UNSEEN_LOSS = 1 / 3
"""Share of its Dice that an unseen bad task is taken to have lost."""


@dataclass(frozen=True, slots=True, eq=False)
class AuditFrame:
    """Every task of a cube that the audit could have drawn (its mask not known from people).

    stratum:   (N,) int, as drawn.
    predicted: (N,) voxels in the exported mask of the task.
    expected_error: (N,) voxels that the model expects to be false or missed, or None.
    known_true: voxels of agreed masks elsewhere in the cube: exported as agreed, so without error.
    """

    stratum: NDArray[np.int64]
    predicted: NDArray[np.float64]
    expected_error: NDArray[np.float64] | None = None
    known_true: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class AuditSample:
    """The audited tasks.

    index: (n,) into the frame, without repeats; true: (n,) voxels in the audited mask;
    both:  (n,) voxels in the audited and in the exported mask.
    """

    index: NDArray[np.int64]
    both: NDArray[np.float64]
    true: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class AuditEstimate:
    """Dice of the whole cube: estimate and interval in 0..1, tasks it rests on, and a sentence."""

    dice: float
    low: float
    high: float
    tasks: int
    note: str


def estimate_dice(
    frame: AuditFrame, sample: AuditSample, confidence: float = 0.95
) -> AuditEstimate:
    """Dice = 1 - error / (predicted + true), error and true estimated from the audited tasks.

    One class; ask once a class. The interval joins a delete-one jackknife within strata, on the
    logit scale with Student's t, and the largest share of wrong tasks that so small a sample cannot
    rule out. With one audited task or none the interval is 0 to 1; it narrows no faster than the
    evidence.
    """
    n = len(sample.index)
    if n != len(set(sample.index.tolist())):
        raise ValueError("An audited task counts once; the sample names one twice.")
    if n == 0:
        return AuditEstimate(float("nan"), 0.0, 1.0, 0, "Nothing has been audited yet.")
    point = _dice(frame, sample, np.ones(n, dtype=bool))
    if n == 1:
        return AuditEstimate(point, 0.0, 1.0, 1, "One audited task says nothing of the others.")
    stratum = frame.stratum[sample.index]
    strata, sizes = np.unique(stratum, return_counts=True)
    # A stratum with one audited task has no spread of its own: it is judged with the others.
    pooled = bool((sizes < 2).any())
    groups = np.zeros(n, dtype=np.int64) if pooled else stratum
    variance, freedom = 0.0, 0
    for group in np.unique(groups):
        members = np.flatnonzero(groups == group)
        m = len(members)
        left_out = np.array([_logit(_dice(frame, sample, _without(n, int(i)))) for i in members])
        population = len(frame.stratum) if pooled else int((frame.stratum == group).sum())
        share = min(1.0, m / population)
        variance += (1 - share) * (m - 1) / m * float(((left_out - left_out.mean()) ** 2).sum())
        freedom += m - 1
    reach = float(student.ppf((1 + confidence) / 2, max(freedom, 1))) * variance**0.5
    centre = _logit(point)
    low, high = _expit(centre - reach), _expit(centre + reach)
    low = min(low, _unseen(frame, sample, point, confidence))
    missing = len(np.setdiff1d(frame.stratum, strata))
    note = f"From {n} audited tasks of {len(frame.stratum)}."
    if missing:
        note += f" {missing} strata have no audited task; they are taken to be like the others."
    if n < 8:
        note += " So few tasks allow only a rough estimate."
    return AuditEstimate(point, max(0.0, low), min(1.0, max(high, point)), n, note)


def _without(n: int, i: int) -> NDArray[np.bool_]:
    keep = np.ones(n, dtype=bool)
    keep[i] = False
    return keep


def _dice(frame: AuditFrame, sample: AuditSample, keep: NDArray[np.bool_]) -> float:
    """The model-assisted estimate from the kept part of the sample."""
    index, both, true = sample.index[keep], sample.both[keep], sample.true[keep]
    predicted = frame.predicted[index]
    error = predicted + true - 2 * both
    weight = _weights(frame, index)
    all_predicted = float(frame.predicted.sum())
    all_true = _total(all_predicted, predicted, true, weight)
    if frame.expected_error is None:
        all_error = _total(all_predicted + all_true, predicted + true, error, weight)
    else:
        expected = frame.expected_error
        all_error = _total(float(expected.sum()), expected[index], error, weight)
    whole = all_predicted + all_true + 2 * frame.known_true
    if whole <= 0:
        return 1.0
    return float(np.clip(1 - all_error / whole, 0.0, 1.0))


def _weights(frame: AuditFrame, index: NDArray[np.int64]) -> NDArray[np.float64]:
    """Tasks that each audited one stands for: stratum size over drawn; empty strata shared by
    all."""
    drawn = frame.stratum[index]
    weight = np.array([(frame.stratum == s).sum() / (drawn == s).sum() for s in drawn], dtype=float)
    weight *= len(frame.stratum) / weight.sum()
    return weight


def _total(
    known: float,
    assist: NDArray[np.float64],
    observed: NDArray[np.float64],
    weight: NDArray[np.float64],
) -> float:
    """Total of what was observed in the sample: the known total of `assist` times their ratio.

    Where the sample's `assist` is all 0 there is no ratio, and the sample is scaled up by itself.
    """
    scale = float((weight * assist).sum())
    if scale > 0:
        return known * float((weight * observed).sum()) / scale
    return float((weight * observed).sum())


def _unseen(frame: AuditFrame, sample: AuditSample, point: float, confidence: float) -> float:
    """Dice if as many bad tasks as the sample may have missed by chance were there.

    The jackknife sees no spread where the few audited tasks happen to agree. The share of tasks of
    a kind that n draws can miss is the upper end of an exact binomial interval; each is counted as
    having lost UNSEEN_LOSS of its Dice.
    """
    share = float(beta.ppf(confidence, 1, len(sample.index)))
    fresh = 1 - len(sample.index) / len(frame.stratum)
    return point * (1 - share * fresh * UNSEEN_LOSS)


def _logit(p: float) -> float:
    clipped = min(max(p, 1e-4), 1 - 1e-4)
    return float(np.log(clipped / (1 - clipped)))


def _expit(x: float) -> float:
    return float(1 / (1 + np.exp(-x)))
