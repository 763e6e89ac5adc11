"""Where a proposal contradicts its neighbours and interpolation."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from models.propagation.disagreement import (
    against_interpolation,
    against_neighbours,
    known_distance,
)
from models.propagation.interpolate import SignedDistances


def column(x: int, width: int = 4, side: int = 16) -> np.ndarray:
    plane = np.zeros((1, side, side), dtype=np.float32)
    plane[0, :, x : x + width] = 1
    return plane


def test_a_slice_like_its_neighbours_does_not_contradict_them() -> None:
    assert not against_neighbours(column(4), [column(4), column(4)]).any()


def test_a_slice_that_jumps_contradicts_more_than_one_that_moves_steadily() -> None:
    steady = against_neighbours(column(5), [column(4), column(6)]).sum()
    jump = against_neighbours(column(11), [column(4), column(6)]).sum()
    assert 0 < steady < jump / 2


def test_a_cube_of_one_slice_has_no_neighbours_to_contradict() -> None:
    assert not against_neighbours(column(4), []).any()


@settings(max_examples=40, deadline=None)
@given(classes=st.integers(1, 4), neighbours=st.integers(0, 2), seed=st.integers(0, 999))
def test_disagreement_lies_between_0_and_1(classes: int, neighbours: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    planes = [
        rng.dirichlet(np.full(classes + 1, 0.3), size=(6, 5)).transpose(2, 0, 1)[1:]
        for _ in range(neighbours + 1)
    ]
    moved = against_neighbours(
        planes[0].astype(np.float32), [p.astype(np.float32) for p in planes[1:]]
    )
    assert moved.shape == (6, 5)
    assert ((moved >= 0) & (moved <= 1)).all()


def test_a_model_that_says_what_interpolation_says_does_not_contradict_it() -> None:
    mask = (column(4)[0] > 0).astype(np.uint8)
    evidence = SignedDistances({0: mask, 4: mask}, (5, 16, 16)).logit_evidence(2)
    assert not against_interpolation(column(4), evidence).any()
    other = against_interpolation(column(10), evidence)
    assert other.sum() == 2 * 4 * 16


def test_where_nothing_is_known_nothing_is_contradicted() -> None:
    evidence = SignedDistances({}, (5, 16, 16)).logit_evidence(2)
    assert not against_interpolation(column(4), evidence).any()
    assert (known_distance(evidence, 40) == 40).all()


def test_the_way_to_the_nearest_known_slice_is_told() -> None:
    mask = np.zeros((16, 16), dtype=np.uint8)
    evidence = SignedDistances({0: mask, 9: mask}, (10, 16, 16)).logit_evidence(3)
    assert (known_distance(evidence, 40) == 3).all()
