"""Random weights of observations, for bounds that hold for skewed errors in small samples.

A mean's lower bound is the alpha quantile of sum(w * x) with w uniform over the simplex of n + 1
weights, where one more observation than was made stands at the worst value there could be (Gaffke,
"Three test statistics for a nonparametric one-sided hypothesis on the mean of a nonnegative
variable", 2005; Learned-Miller and Thomas, arXiv 1905.06208, who conjecture that it holds for every
bounded distribution). It is the Bayesian bootstrap with one bad prior observation: where few tiles
hold most of the error, and the sample may have missed them, a normal interval is far too narrow.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

DRAWS = 4000
"""Random weightings; the 0.2 % quantile then rests on 8 of them."""
_CELLS = 2_000_000


def weightings(
    n: int, draws: int = DRAWS, seed: int = 0
) -> Iterator[tuple[NDArray[np.float32], NDArray[np.float32]]]:
    """Blocks of (weights (B, n), weight of the unseen (B,)); a row and its unseen sum to 1.

    The same n and seed give the same weights, so that a certificate can be computed again.
    """
    rng = np.random.default_rng(seed)
    block = max(1, min(draws, _CELLS // (n + 1)))
    for start in range(0, draws, block):
        rows = min(block, draws - start)
        grown = rng.standard_exponential((rows, n + 1), dtype=np.float32)
        grown /= grown.sum(axis=1, keepdims=True)
        yield grown[:, :n], grown[:, n]
