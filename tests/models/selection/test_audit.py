"""The random audit sample."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from models.selection.audit import draw_audit, strata
from models.selection.pool import Pool


def pool(n: int, excluded: np.ndarray | None = None, foreground: bool = True) -> Pool:
    scores = {"foreground": np.sin(np.linspace(0, 3.1, n))} if foreground else {}
    return Pool(
        np.arange(n), np.zeros(n, np.int64), np.arange(n),
        np.tile([0, 0, 8, 8], (n, 1)), scores, excluded,
    )  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(
    n=st.integers(0, 12),
    size=st.integers(0, 40),
    seed=st.integers(0, 999),
    foreground=st.booleans(),
)
def test_draws_are_distinct_open_and_as_many_as_asked(
    n: int, size: int, seed: int, foreground: bool
) -> None:
    rng = np.random.default_rng(seed)
    excluded = rng.random(size) < 0.3
    draws = draw_audit(pool(size, excluded, foreground), n, rng)
    found = [d.identity for d in draws]
    assert len(found) == len(set(found)) == min(n, int((~excluded).sum()))
    assert not excluded[found].any()
    assert all(0 < d.probability <= 1 for d in draws)


def test_every_slice_has_the_same_chance_in_the_long_run() -> None:
    rng = np.random.default_rng(0)
    count = np.zeros(20)
    for _ in range(2000):
        for draw in draw_audit(pool(20), 5, rng):
            count[draw.identity] += 1
    np.testing.assert_allclose(count / 2000, 5 / 20, atol=0.06)


def test_weighing_by_the_inverse_chance_gives_totals_without_bias() -> None:
    rng = np.random.default_rng(0)
    value = np.arange(30.0)
    totals = [
        sum(value[d.identity] / d.probability for d in draw_audit(pool(30), 6, rng))
        for _ in range(1500)
    ]
    assert abs(np.mean(totals) / value.sum() - 1) < 0.02


def test_every_stratum_has_two_draws_where_possible() -> None:
    given = pool(60)
    assert len(np.unique(strata(given, 6))) == 3
    draws = draw_audit(given, 6, np.random.default_rng(1))
    assert np.bincount([d.stratum for d in draws]).tolist() == [2, 2, 2]


def test_little_and_much_foreground_are_both_audited() -> None:
    draws = draw_audit(pool(60), 6, np.random.default_rng(2))
    foreground = pool(60).scores["foreground"][[d.identity for d in draws]]
    assert foreground.min() < 0.6
    assert foreground.max() > 0.85


def test_the_reason_is_in_plain_words() -> None:
    draw = draw_audit(pool(5), 1, np.random.default_rng(0))[0]
    assert draw.reason == f"Slice {draw.identity + 1}: drawn at random to measure quality."
