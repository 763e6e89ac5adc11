"""The promotion gate: a new model serves if it is not worse than the serving one, and better on
the whole."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class GateDecision:
    """The decision with its numbers, to be stored.

    difference: mean Dice of candidate minus serving over the items; low, high: its 95 % interval
    (paired bootstrap; NaN with fewer than two items); items: how many.
    """

    promote: bool
    difference: float
    low: float
    high: float
    items: int
    reason: str


def gate(
    candidate: Sequence[float],
    serving: Sequence[float],
    *,
    margin: float = 0.005,
    minimum: int = 3,
    resamples: int = 5000,
    seed: int = 0,
) -> GateDecision:
    """Whether `candidate` may replace `serving`, from Dice on the same items (gold and fresh
    audit).

    Promoted if the lower end of the 95 % interval of the mean difference lies above -margin (not
    inferior) and the mean difference is not below 0. With fewer than `minimum` items nothing can be
    shown and the serving model stays. Items whose Dice is NaN for either are left out. Raises
    ValueError where the two have different lengths.
    """
    if len(candidate) != len(serving):
        raise ValueError(
            f"The gate compares the same items: {len(candidate)} of the candidate, "
            f"{len(serving)} of the serving model."
        )
    pairs = np.asarray([candidate, serving], dtype=np.float64)
    differences = (pairs[0] - pairs[1])[np.isfinite(pairs).all(axis=0)]
    n = len(differences)
    mean = float(differences.mean()) if n else float("nan")
    low = high = float("nan")
    if n >= 2:
        rng = np.random.default_rng(seed)
        means = differences[rng.integers(0, n, (resamples, n))].mean(axis=1)
        low, high = (float(q) for q in np.quantile(means, [0.025, 0.975]))
    if n < minimum:
        return GateDecision(
            False, mean, low, high, n, f"Only {n} items to compare on; {minimum} are needed."
        )
    figures = f"mean difference {mean:+.4f}, 95 % interval {low:+.4f} to {high:+.4f}, {n} items"
    if low <= -margin:
        return GateDecision(
            False, mean, low, high, n, f"May be worse by more than {margin}: {figures}."
        )
    if mean < 0:
        return GateDecision(False, mean, low, high, n, f"Not better: {figures}.")
    return GateDecision(True, mean, low, high, n, f"Not worse, and better on the whole: {figures}.")
