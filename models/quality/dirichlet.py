"""Random weights of observations, for bounds that hold for skewed errors in small samples.

A mean's lower bound is the alpha quantile of sum(w * x) with w uniform over the simplex of n + 1
weights, where one more observation than was made stands at the worst value there could be (Gaffke,
"Three test statistics for a nonparametric one-sided hypothesis on the mean of a nonnegative
variable", 2005; Learned-Miller and Thomas, arXiv 1905.06208, who conjecture that it holds for every
bounded distribution). It is the Bayesian bootstrap with one bad prior observation: where few tiles
hold most of the error, and the sample may have missed them, a normal interval is far too narrow.

The quantiles asked for are far out, one in ten thousand and less. So the weights are not drawn as
they are but tilted towards the tail, and each draw counts by how likely it was (importance
sampling with the exponential tilt of large deviations: Asmussen and Glynn, "Stochastic
Simulation", 2007, chapter VI). About half of the draws then lie beyond the quantile, however far
it is.
"""

import numpy as np
from numpy.typing import NDArray

DRAWS = 2000
"""Tilted weightings. They tell the doubt beyond a bound to a tenth of itself, however small it is;
other draws move a bound by about a hundredth of its distance from the estimate."""
_CELLS = 1_000_000
_HALVINGS = 14
_NEWTON = 10
"""The tilt need not be exact: it decides how well the draws are used, not what they say."""

Reals = NDArray[np.float64]


def lowest(top: Reals, base: Reals, alpha: float, seed: int = 0) -> float:
    """The alpha quantile of the mean over classes of sum(w * top) / sum(w * base).

    top, base: (K, N), every observation and the unseen one, w uniform over the simplex of N. A sum
    of tops below 0 counts as 0, and a class of which there is nothing has ratio 1. The same
    arguments give the same bound, so that a certificate can be computed again.
    """
    return _bound(top, base, alpha, seed, 1.0)


def highest(top: Reals, base: Reals, alpha: float, seed: int = 0) -> float:
    """The 1 - alpha quantile of the same."""
    return -_bound(top, base, alpha, seed, -1.0)


def _bound(top: Reals, base: Reals, alpha: float, seed: int, sign: float) -> float:
    """The alpha quantile of sign * the mean ratio."""
    means = _tilted(-sign * _slopes(top, base), alpha)
    count = len(means)
    rng = np.random.default_rng(seed)
    block = max(1, min(DRAWS, _CELLS // count))
    both = (np.concatenate([top, base]) * means).T
    values, logs = np.empty(DRAWS), np.empty(DRAWS)
    for start in range(0, DRAWS, block):
        rows = slice(start, min(DRAWS, start + block))
        grown = rng.standard_exponential((rows.stop - start, count))
        sums = grown @ both
        values[rows] = sign * ratio(sums[:, : len(top)], sums[:, len(top) :])
        logs[rows] = np.log(means).sum() - grown @ (means - 1)
    order = np.argsort(values, kind="stable")
    doubt = np.cumsum(np.exp(np.minimum(logs[order], 600.0))) / DRAWS
    return float(values[order[min(int(np.searchsorted(doubt, alpha)), DRAWS - 1)]])


def ratio(top: Reals, base: Reals) -> Reals:
    """(...,) the mean over classes, the last axis, of top / base."""
    there = base > 0
    shares = np.where(there, np.maximum(top, 0) / np.where(there, base, 1.0), top >= 0)
    mean: Reals = shares.mean(axis=-1)
    return mean


def _slopes(top: Reals, base: Reals) -> Reals:
    """(N,) how the mean ratio grows with each weight, where all are alike."""
    whole = base.sum(axis=1, keepdims=True)
    share = np.divide(
        top.sum(axis=1, keepdims=True), whole, where=whole > 0, out=np.ones_like(whole)
    )
    slopes = np.divide(top - share * base, whole, where=whole > 0, out=np.zeros_like(base))
    mean: Reals = slopes.sum(axis=0)
    return mean


def _tilted(gain: Reals, alpha: float) -> Reals:
    """(N,) means of independent exponentials (1 each without a tilt) that put the weighted mean of
    `gain` near its 1 - alpha quantile.

    They are the likeliest way there: 1 / (a - t * gain), which sum to N. t is where the saddlepoint
    approximation of the doubt beyond their weighted mean is alpha.
    """
    count = len(gain)
    spread = float(np.abs(gain - gain.mean()).max(initial=0.0))
    if spread <= 0:
        return np.ones(count)
    gain = (gain - gain.mean()) / spread
    low, high = np.log(1e-6), np.log(1e6 * count)
    for _ in range(_HALVINGS):
        t = float(np.exp((low + high) / 2))
        means = _means(t * gain)
        width = t * float(np.sqrt(((means * (gain - means @ gain / count)) ** 2).sum()))
        doubt = np.log(means).sum() - np.log(max(width, 1e-12) * np.sqrt(2 * np.pi))
        low, high = (low, np.log(t)) if doubt < np.log(alpha) else (np.log(t), high)
    return means


def _means(gain: Reals) -> Reals:
    """1 / (a - gain), with a such that they sum to as many as there are."""
    count, top = len(gain), float(gain.max())
    a = top + 1 / count
    for _ in range(_NEWTON):
        # Of 1 / sum, which is concave: from below the steps never go too far.
        means = 1 / (a - gain)
        whole = float(means.sum())
        a += whole / count * (whole - count) / float((means**2).sum())
    fitted: Reals = 1 / (a - gain)
    return fitted
