"""Quantiles far out of weighted ratios, against what is known of them."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.stats import beta

from models.quality.dirichlet import highest, lowest


def share(n: int, good: int) -> tuple[np.ndarray, np.ndarray]:
    """n + 1 observations of which the first are good: their share is Beta(good, n + 1 - good)."""
    return (np.arange(n + 1) < good)[None].astype(float), np.ones((1, n + 1))


@pytest.mark.parametrize("alpha", [0.2, 0.01, 5e-4, 3e-5, 1e-8])
@pytest.mark.parametrize(("n", "good"), [(20, 20), (50, 40), (300, 290), (2000, 1500)])
def test_bounds_are_those_of_the_distribution_however_small_the_doubt(
    n: int, good: int, alpha: float
) -> None:
    """The doubt beyond a bound is off by less than a quarter of itself."""
    top, base = share(n, good)
    known = beta(good, n + 1 - good)
    assert known.ppf(0.8 * alpha) <= lowest(top, base, alpha) <= known.ppf(1.25 * alpha)
    assert known.isf(1.25 * alpha) <= highest(top, base, alpha) <= known.isf(0.8 * alpha)


def test_other_draws_give_the_same_bound() -> None:
    rng = np.random.default_rng(0)
    errors = rng.gamma(0.2, 1.0, (2, 151))
    top, base = 100 - errors, np.full((2, 151), 100.0)
    bounds = [lowest(top, base, 5e-5, seed=seed) for seed in range(12)]
    distance = float((top / base).mean()) - np.mean(bounds)
    assert np.ptp(bounds) < 0.04 * distance


def test_several_classes_share_the_weights() -> None:
    """Against plain draws, at a doubt that these can still tell."""
    rng = np.random.default_rng(1)
    false, missed = rng.gamma(0.3, 8.0, (3, 61)), rng.gamma(0.2, 9.0, (3, 61))
    top, base = 2 * (100 - false), 200 - false + missed
    weights = np.random.default_rng(2).standard_exponential((100_000, 61))
    plain = ((weights @ top.T) / (weights @ base.T)).mean(axis=1)
    assert lowest(top, base, 0.01) == pytest.approx(np.quantile(plain, 0.01), abs=5e-4)
    assert highest(top, base, 0.01) == pytest.approx(np.quantile(plain, 0.99), abs=5e-4)


def test_observations_that_are_all_alike_leave_no_doubt() -> None:
    top, base = np.full((1, 30), 45.0), np.full((1, 30), 50.0)
    assert lowest(top, base, 1e-4) == pytest.approx(0.9)
    assert highest(top, base, 1e-4) == pytest.approx(0.9)


def test_a_class_that_is_nowhere_has_ratio_one() -> None:
    nothing = np.zeros((1, 9))
    assert lowest(nothing, nothing, 0.01) == highest(nothing, nothing, 0.01) == 1


@settings(max_examples=25, deadline=None)
@given(st.integers(6, 60), st.integers(1, 3), st.integers(0, 10_000), st.floats(1e-6, 0.3))
@example(8, 1, 0, 1e-6)
@example(6, 1, 182, 1e-5)
def test_less_doubt_does_not_narrow(n: int, classes: int, seed: int, alpha: float) -> None:
    rng = np.random.default_rng(seed)
    base = rng.gamma(0.5, 1.0, (classes, n)) + 0.1
    top = base * rng.random((classes, n))
    low, lower = lowest(top, base, alpha), lowest(top, base, alpha / 10)
    high, higher = highest(top, base, alpha), highest(top, base, alpha / 10)
    assert min(low, lower) >= 0
    assert low < high
    assert max(high, higher) <= 1
    # Either rests on draws of its own. They move it by .023 of the interval at most (6,000 cases),
    # and by .15 where it rests on half a dozen observations alone.
    slack = (0.03 if n >= 12 else 0.2) * (high - low)
    assert lower < low + slack
    assert higher > high - slack
