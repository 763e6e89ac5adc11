"""Expected error: what corrected tasks teach of those not yet seen."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.config import ExpectedErrorConfig
from models.selection.expected_error import (
    PRIOR,
    Examples,
    cold_start,
    features,
    fit_expected_error,
    rank_correlation,
    training_mask,
    z_folds,
)

AREA = 10_000.0


def examples(n: int, seed: int = 0, *, by: str = "doubt", noise: float = 0.3) -> Examples:
    """n slices whose wrong voxels follow one score alone; all others are noise."""
    rng = np.random.default_rng(seed)
    scores = {name: 10 ** rng.uniform(-3.5, -1, n) for name in PRIOR}
    error = scores[by] * AREA * np.exp(noise * rng.standard_normal(n))
    return Examples(scores, np.full(n, AREA), error, np.zeros(n, np.int64), np.arange(n))


def test_with_too_few_corrected_tasks_the_fixed_combination_stands() -> None:
    fit = fit_expected_error(examples(3))
    assert np.isinf(fit.held)
    assert fit.report()["method"] == "fixed combination"
    assert fit.report()["rank_correlation"] is None
    np.testing.assert_array_equal(fit.model.weights, cold_start().weights)


def test_the_fixed_combination_ranks_by_what_all_scores_say() -> None:
    low, high = (
        {name: np.array([value]) for name in PRIOR if name != "foreground"}
        for value in (0.001, 0.01)
    )
    area = np.array([AREA])
    assert cold_start().predict(high, area)[0] > 3 * cold_start().predict(low, area)[0]


def test_the_score_that_tells_is_found_among_those_that_do_not() -> None:
    fit = fit_expected_error(examples(60, by="flip_disagreement"))
    assert np.isfinite(fit.held)
    fresh = examples(200, seed=1, by="flip_disagreement", noise=0.0)
    expected = fit.model.predict(fresh.scores, fresh.area)
    cold = cold_start().predict(fresh.scores, fresh.area)
    assert rank_correlation(expected, fresh.error) > 0.95
    assert rank_correlation(cold, fresh.error) < 0.6


def test_the_sum_of_expected_voxels_is_about_right() -> None:
    fit = fit_expected_error(examples(80, by="doubt"))
    fresh = examples(400, seed=2, by="doubt")
    ratio = fit.model.predict(fresh.scores, fresh.area).sum() / fresh.error.sum()
    assert 0.7 < ratio < 1.4
    assert 0.7 < fit.calibration < 1.4


def test_errors_that_follow_nothing_are_not_foretold_and_that_is_said() -> None:
    rng = np.random.default_rng(77)
    plain = examples(60, seed=5)
    lost = Examples(plain.scores, plain.area, rng.uniform(1, 900, 60), plain.cube, plain.z)
    assert abs(fit_expected_error(lost).rank_correlation) < 0.4


@settings(max_examples=60, deadline=None)
@given(
    n=st.integers(1, 60),
    cubes=st.integers(1, 3),
    tiles=st.integers(1, 4),
    folds=st.integers(2, 6),
    purge=st.integers(0, 4),
    seed=st.integers(0, 999),
)
def test_no_fold_is_foretold_from_itself_or_its_neighbours(
    n: int, cubes: int, tiles: int, folds: int, purge: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    cube = np.repeat(rng.integers(0, cubes, n), tiles)
    z = np.repeat(rng.integers(0, 40, n), tiles)
    fold = z_folds(cube, z, folds)
    assert len(np.unique(fold)) <= folds
    for number in np.unique(fold):
        learned, test = training_mask(cube, z, fold, int(number), purge), fold == number
        assert not (learned & test).any()
        for c, at in zip(cube[test], z[test], strict=True):
            assert (np.abs(z[learned & (cube == c)] - at) > purge).all()


def test_folds_are_runs_of_slices_and_tiles_of_a_slice_stay_together() -> None:
    cube, z = np.zeros(40, np.int64), np.repeat(np.arange(20), 2)
    folds = z_folds(cube, z, 5)
    assert (np.diff(folds) >= 0).all()
    assert np.bincount(folds).tolist() == [8] * 5
    assert (folds[::2] == folds[1::2]).all()


def test_likeness_of_neighbours_alone_gives_no_good_figure() -> None:
    # An error that drifts along z and follows no score: random folds would foretell it.
    rng = np.random.default_rng(3)
    plain = examples(80, seed=3)
    drift = 100 + 90 * np.sin(np.arange(80) / 4)
    scores = {name: 10 ** rng.uniform(-3, -1, 80) for name in PRIOR}
    fit = fit_expected_error(Examples(scores, plain.area, drift, plain.cube, plain.z))
    assert fit.rank_correlation < 0.35


@settings(max_examples=40, deadline=None)
@given(
    n=st.integers(0, 30),
    bad=st.sampled_from([np.nan, np.inf, -np.inf, -1.0, 0.0, 1e30]),
    seed=st.integers(0, 99),
)
def test_whatever_the_scores_hold_expectations_are_finite_and_within_the_area(
    n: int, bad: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    given_examples = examples(n, seed)
    for values in given_examples.scores.values():
        values[rng.random(n) < 0.3] = bad
    given_examples.error[rng.random(n) < 0.2] = rng.choice([np.nan, 0.0])
    fit = fit_expected_error(given_examples)
    expected = fit.model.predict(given_examples.scores, given_examples.area)
    assert np.isfinite(expected).all()
    assert ((expected >= 0) & (expected <= AREA)).all()


def test_missing_scores_take_what_the_others_say() -> None:
    some = {"doubt": np.array([0.01, 0.001]), "entropy": np.array([np.nan, 0.001])}
    columns = features(some, np.full(2, AREA))
    np.testing.assert_allclose(columns[0], columns[0][0])
    assert np.isfinite(features({}, np.full(2, AREA))).all()


def test_one_wild_correction_does_not_turn_the_rest_round() -> None:
    calm, wild = examples(30), examples(30)
    wild.error[4] *= 10_000
    fresh = examples(100, seed=9)
    a, b = (fit_expected_error(e).model.predict(fresh.scores, fresh.area) for e in (calm, wild))
    assert rank_correlation(a, fresh.error) == pytest.approx(
        rank_correlation(b, fresh.error), abs=0.15
    )


def test_where_nothing_was_wrong_little_is_expected() -> None:
    given_examples = examples(20)
    given_examples.error[:] = 0
    fit = fit_expected_error(given_examples)
    assert np.isnan(fit.calibration)
    expected = fit.model.predict(given_examples.scores, AREA * np.ones(20))
    assert expected.mean() < cold_start().predict(given_examples.scores, AREA * np.ones(20)).mean()


def test_the_report_is_plain_json() -> None:
    fit = fit_expected_error(examples(40), ExpectedErrorConfig(folds=4))
    report = json.loads(json.dumps(fit.report()))
    assert report["examples"] == 40
    assert {"discriminator", "entropy"} <= set(report["alone"]) <= set(PRIOR)
