"""Signed-distance interpolation between known slices."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.config import PropagationConfig
from models.propagation.interpolate import SignedDistances, interpolate, interpolate_slices
from models.propagation.known import KnownSlice
from tests.samples import sample


def disc(radius: float, centre: tuple[float, float] = (16, 16), side: int = 32) -> np.ndarray:
    y, x = np.mgrid[:side, :side]
    inside = (y - centre[0]) ** 2 + (x - centre[1]) ** 2 <= radius**2
    return np.asarray(inside, dtype=np.uint8)


def dice(a: np.ndarray, b: np.ndarray) -> float:
    return float(2 * ((a > 0) & (b > 0)).sum() / ((a > 0).sum() + (b > 0).sum()))


def test_a_growing_disc_has_the_middle_size_half_way() -> None:
    result = interpolate({0: disc(4), 10: disc(12)}, (11, 32, 32))
    assert dice(result[5], disc(8)) > 0.96


def test_known_slices_come_back_as_they_were() -> None:
    known = {0: disc(4), 3: disc(9), 10: disc(12)}
    result = interpolate(known, (11, 32, 32))
    for z, mask in known.items():
        np.testing.assert_array_equal(result[z], mask)


def test_beyond_the_last_known_slice_it_is_repeated_and_its_word_fades_with_distance() -> None:
    distances = SignedDistances({2: disc(6)}, (10, 32, 32))
    far = distances.logit_evidence(8)
    assert (far.slices == 6).all()
    np.testing.assert_array_equal(interpolate({2: disc(6)}, (10, 32, 32))[9], disc(6))


def test_a_slice_out_of_reach_says_nothing() -> None:
    distances = SignedDistances({0: disc(6)}, (10, 32, 32), config=PropagationConfig(reach=3))
    evidence = distances.logit_evidence(5)
    assert np.isinf(evidence.slices).all()
    assert not evidence.distance.any()


def test_between_two_classes_that_change_places_no_background_opens() -> None:
    a, b = np.zeros((2, 32, 32), dtype=np.uint8)
    a[8:24, 4:16], a[8:24, 16:28] = 1, 2
    b[8:24, 4:22], b[8:24, 22:28] = 1, 2
    result = interpolate({0: a, 4: b}, (5, 32, 32), classes=2)
    assert (result[2][8:24, 4:28] > 0).all()
    assert (result[2][8:24, 18] == 1).all()
    assert (result[2][8:24, 21] == 2).all()


def test_unsure_pixels_are_not_evidence() -> None:
    mask = disc(8)
    mask[:, 16:] = 255
    evidence = SignedDistances({1: mask}, (3, 32, 32)).logit_evidence(2)
    assert np.isinf(evidence.slices[:, 16:]).all()
    assert (evidence.slices[:, :16] == 1).all()


def test_tiles_on_different_slices_are_each_found_where_they_lie() -> None:
    left, right = np.zeros((2, 32, 32), dtype=bool)
    left[:, :16], right[:, 16:] = True, True
    known = {
        0: KnownSlice(disc(8), left),
        2: KnownSlice(disc(8), right),
        9: KnownSlice(disc(8)),
    }
    evidence = SignedDistances(known, (10, 32, 32)).logit_evidence(4)
    assert (evidence.slices[:, :16] == 4).all()
    assert (evidence.slices[:, 16:] == 2).all()


def test_leaving_a_slice_out_is_as_if_it_had_never_been_known() -> None:
    known = {0: disc(4), 5: disc(12), 10: disc(6)}
    without = SignedDistances(known, (11, 32, 32)).without(5).logit_evidence(5)
    never = SignedDistances({0: disc(4), 10: disc(6)}, (11, 32, 32)).logit_evidence(5)
    np.testing.assert_array_equal(without.distance, never.distance)


def test_nothing_known_is_all_background() -> None:
    assert not interpolate({}, (4, 8, 8)).any()


def test_a_mask_of_another_size_is_refused_with_one_sentence() -> None:
    with pytest.raises(ValueError, match="slice 3 has shape"):
        SignedDistances({3: np.zeros((4, 4), dtype=np.uint8)}, (5, 8, 8))


def test_values_above_the_classes_count_as_background() -> None:
    mask = disc(6) * 7
    assert not interpolate({0: mask}, (2, 32, 32), classes=2)[1].any()


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), classes=st.integers(1, 3), n=st.integers(1, 5))
def test_evidence_is_finite_and_agrees_with_known_masks(seed: int, classes: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    shape = (9, 12, 14)
    known = {
        int(z): rng.integers(0, classes + 1, shape[1:]).astype(np.uint8)
        for z in rng.choice(shape[0], n, replace=False)
    }
    distances = SignedDistances(known, shape, classes)
    for z in range(shape[0]):
        evidence = distances.logit_evidence(z)
        assert np.isfinite(evidence.distance).all()
        assert (np.abs(evidence.distance) <= 2 * distances.config.cap).all()
        if z in known:
            assert (evidence.slices == 0).all()
    planes = np.stack(list(interpolate_slices(known, shape, classes)))
    for z, mask in known.items():
        np.testing.assert_array_equal(planes[z], mask)


@pytest.mark.parametrize(("share", "expected"), [(0.16, 0.942), (0.20, 0.950), (0.34, 0.968)])
def test_uniform_slices_of_a_real_tumour_reach_the_known_dice(
    share: float, expected: float
) -> None:
    _, labels = sample("brats-flair-0003")
    truth = (labels > 0).astype(np.uint8)
    n = round(share * len(truth))
    chosen = ((np.arange(n) + 0.5) * len(truth) / n).astype(int)
    result = interpolate({int(z): truth[z] for z in chosen}, truth.shape)
    assert dice(result, truth) == pytest.approx(expected, abs=0.006)
