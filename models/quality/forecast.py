"""How much more work a target takes, from the rounds so far: error = a n^-b + c.

The scaling law of arXiv 2404.02973. Four rounds or more are needed for its three numbers, and even
then the rounds may not tell; where they do not, the answer is a sentence.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

FEWEST = 4
"""Rounds below which nothing is forecast."""
RESAMPLES = 100
FARTHEST = 20.0
"""Work beyond so many times what was done is not told apart from never."""

Reals = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Forecast:
    """Work left until the target, in the unit it was given in, with a 90 % interval.

    more: None where nothing can be said; high: inf where the target may never be reached this way.
    note: why not, or a caveat; empty where there is none.
    """

    more: float | None
    low: float
    high: float
    note: str


def forecast(
    work: Sequence[float], dice: Sequence[float], target: float, seed: int = 0
) -> Forecast:
    """work: total done at the end of each round, increasing; dice: estimated quality then.

    Rounds whose quality is NaN, or before any work, are left out. The interval comes from fitting
    again with the residuals shuffled and their signs drawn by lot (wild bootstrap); it knows
    nothing of a change of strategy or of people.
    """
    n, error = np.asarray(work, dtype=np.float64), 1 - np.asarray(dice, dtype=np.float64)
    use = np.isfinite(error) & np.isfinite(n) & (n > 0)
    n, error = n[use], np.clip(error[use], 1e-4, 1.0)
    wanted = 1 - target
    nothing = (None, 0.0, float("inf"))
    if len(n) and error[-1] <= wanted:
        return Forecast(0.0, 0.0, 0.0, "The estimate has reached the target; the bound may not.")
    if len(n) < FEWEST:
        return Forecast(*nothing, f"It takes {FEWEST} certified rounds; there are {len(n)}.")
    if n[-1] <= n[0] or error[-1] >= error[0]:
        return Forecast(*nothing, "The rounds so far do not show the error falling.")
    scale = float(n[-1])
    fitted = _fit(n / scale, error)
    curve = _curve(fitted, n / scale)
    residual = np.log(error) - np.log(curve)
    # Three numbers were fitted, so the residuals are smaller than the noise.
    residual *= (len(n) / max(len(n) - 3, 1)) ** 0.5
    rng = np.random.default_rng(seed)
    needed = [_needed(fitted, wanted)]
    for _ in range(RESAMPLES):
        noise = rng.permutation(residual) * rng.choice([-1.0, 1.0], len(n))
        again = _fit(n / scale, np.clip(curve * np.exp(noise), 1e-4, 1.0), fitted)
        needed.append(_needed(again, wanted))
    more = np.maximum(np.array(needed) - 1, 0.0) * scale
    more[more > FARTHEST * scale] = np.inf
    low, high = (float(v) for v in np.quantile(more[1:], [0.05, 0.95], method="nearest"))
    if not np.isfinite(more[0]):
        return Forecast(
            None, low, float("inf"), "At this pace the error levels off above the target."
        )
    note = "" if np.isfinite(high) else "It may also level off before it gets there."
    return Forecast(float(more[0]), min(low, float(more[0])), max(high, float(more[0])), note)


def _curve(parameters: Reals, n: Reals) -> Reals:
    a, b, c = np.exp(parameters[0]), np.exp(parameters[1]), np.exp(parameters[2])
    result: Reals = a * n**-b + c
    return result


def _fit(n: Reals, error: Reals, start: Reals | None = None) -> Reals:
    """log a, log b, log c; b is held near .5, c near a third of the last error, as far as the
    rounds do not say otherwise, for few rounds cannot tell the three apart."""
    prior = np.log([max(error[-1] * 0.7, 1e-6), 0.5, max(error[-1] * 0.3, 1e-6)])

    def loss(p: Reals) -> Reals:
        misfit = (np.log(_curve(p, n)) - np.log(error)) / 0.05
        held = (p - prior) / np.array([2.0, 0.7, 1.0])
        return np.concatenate([misfit, held])

    found = least_squares(
        loss,
        prior if start is None else start,
        bounds=(prior - 6.0, prior + 6.0) if start is None else (start - 6.0, start + 6.0),
        max_nfev=60,
    )
    result: Reals = found.x
    return result


def _needed(parameters: Reals, wanted: float) -> float:
    """Work, in units of what was done, at which the curve meets the wanted error; inf if never."""
    a, b, c = (float(np.exp(p)) for p in parameters)
    if wanted <= c:
        return float("inf")
    return float(np.exp(min(np.log(a / (wanted - c)) / b, 50.0)))
