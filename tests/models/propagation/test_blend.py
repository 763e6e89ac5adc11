"""The log-odds blend of model and known masks."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.config import PropagationConfig
from models.propagation.blend import (
    HeldOut,
    blend,
    blend_slice,
    fit_blend,
    log_odds,
    probabilities,
)
from models.propagation.interpolate import SignedDistances
from models.propagation.known import KnownSlice

SHAPE = (12, 32, 32)


def cone() -> np.ndarray:
    """A disc that grows with z: (12, 32, 32) uint8."""
    z, y, x = np.mgrid[: SHAPE[0], : SHAPE[1], : SHAPE[2]]
    inside = (y - 16) ** 2 + (x - 16) ** 2 <= (4 + 0.7 * z) ** 2
    return np.asarray(inside, dtype=np.uint8)


def noisy_model(truth: np.ndarray, seed: int, noise: float = 2.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    odds = (truth * 2.0 - 1) * 1.5 + noise * rng.standard_normal(truth.shape)
    return (1 / (1 + np.exp(-odds)))[None].astype(np.float32)


def dice(a: np.ndarray, b: np.ndarray) -> float:
    return float(2 * ((a > 0) & (b > 0)).sum() / ((a > 0).sum() + (b > 0).sum()))


def test_known_slices_become_exactly_their_masks() -> None:
    truth = cone()
    known = SignedDistances({3: truth[3], 8: truth[8]}, SHAPE)
    result = blend(noisy_model(truth, 0), 0, known)
    for z in (3, 8):
        np.testing.assert_array_equal(result[0, z], truth[z].astype(np.float32))


def test_the_blend_beats_a_noisy_model_between_known_slices() -> None:
    truth = cone()
    model = noisy_model(truth, 0)
    known = SignedDistances({0: truth[0], 5: truth[5], 11: truth[11]}, SHAPE)
    result = blend(model, 0, known)
    assert dice(result[0] > 0.5, truth) > dice(model[0] > 0.5, truth) + 0.1


def test_without_known_slices_the_model_stands_unchanged() -> None:
    model = noisy_model(cone(), 1)
    np.testing.assert_array_equal(blend(model, 0, SignedDistances({}, SHAPE)), model)


def test_a_block_in_the_middle_is_blended_as_the_whole_is() -> None:
    truth = cone()
    model = noisy_model(truth, 2)
    known = SignedDistances({0: truth[0], 9: truth[9]}, SHAPE)
    whole = blend(model, 0, known)
    np.testing.assert_array_equal(blend(model[:, 4:7], 4, known), whole[:, 4:7])


def test_pixels_outside_a_known_tile_keep_the_models_word_on_that_slice() -> None:
    truth = cone()
    valid = np.zeros(SHAPE[1:], dtype=bool)
    valid[:, :16] = True
    known = SignedDistances({5: KnownSlice(truth[5], valid)}, SHAPE)
    model = noisy_model(truth, 3)
    result = blend(model, 0, known)
    np.testing.assert_allclose(result[0, 5][:, 16:], model[0, 5][:, 16:], atol=5e-3)
    np.testing.assert_array_equal(result[0, 5][:, :16], truth[5][:, :16].astype(np.float32))


def test_shapes_that_do_not_fit_are_refused_with_one_sentence() -> None:
    known = SignedDistances({}, SHAPE, classes=2)
    with pytest.raises(ValueError, match="do not fit a cube of 2 classes"):
        blend(noisy_model(cone(), 0), 0, known)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 1000), classes=st.integers(1, 4))
def test_log_odds_and_probabilities_are_inverse(seed: int, classes: int) -> None:
    rng = np.random.default_rng(seed)
    p = rng.dirichlet(np.full(classes + 1, 2.0), size=50).T.astype(np.float32)
    inner = (p > 0.01).all(axis=0)
    np.testing.assert_allclose(probabilities(log_odds(p[1:]))[:, inner], p[1:, inner], atol=2e-3)


def test_several_classes_stay_a_distribution() -> None:
    rng = np.random.default_rng(0)
    p = rng.dirichlet(np.ones(4), size=(32, 32)).transpose(2, 0, 1)[1:].astype(np.float32)
    known = SignedDistances({0: rng.integers(0, 4, (32, 32)).astype(np.uint8)}, SHAPE, classes=3)
    result = blend_slice(p, known.logit_evidence(1), known.config)
    assert (result >= 0).all()
    assert (result.sum(axis=0) <= 1 + 1e-5).all()


def held_out(noise: float) -> list[HeldOut]:
    truth = cone()
    model = noisy_model(truth, 4, noise)
    known = SignedDistances({z: truth[z] for z in (0, 3, 6, 9)}, SHAPE)
    return [
        HeldOut(model[:, z], known.without(z).logit_evidence(z), truth[z], np.ones(SHAPE[1:], bool))
        for z in (0, 3, 6, 9)
    ]


def test_fitting_trusts_interpolation_more_where_the_model_is_poor() -> None:
    poor, good = fit_blend(held_out(noise=6.0)), fit_blend(held_out(noise=0.3))
    assert poor.config.weight / poor.config.trust > good.config.weight / good.config.trust
    assert poor.loss_blend < poor.loss_model
    assert poor.examples == 4


def test_too_few_examples_leave_the_defaults() -> None:
    fit = fit_blend(held_out(2.0)[:2])
    assert fit.config == PropagationConfig()


def test_slices_with_nothing_known_in_reach_cannot_be_fitted() -> None:
    nothing = SignedDistances({}, SHAPE).logit_evidence(0)
    item = HeldOut(noisy_model(cone(), 0)[:, 0], nothing, cone()[0], np.ones(SHAPE[1:], bool))
    assert fit_blend([item] * 5).examples == 0
