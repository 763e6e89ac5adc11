"""Patch scores of proposed slices beside their neighbours."""

import numpy as np

from models.propagation.interpolate import SignedDistances
from workers.plane_scores import ALONG_Z, Plane, Stack, counts, entropies, entropy_names

SHAPE = (9, 20, 24)


def stack_of(made: list[int]) -> Stack:
    rng = np.random.default_rng(0)
    planes = rng.random((1, *SHAPE)).astype(np.float32)

    def make(z: int, known: SignedDistances) -> Plane:
        made.append(z)
        flat = np.full(SHAPE[1:], z, dtype=np.float32)
        return Plane(planes[:, z], flat, flat)

    return Stack(make)


def test_each_slice_is_made_once_when_they_come_in_order() -> None:
    made: list[int] = []
    stack, known = stack_of(made), SignedDistances({}, SHAPE)
    for z in range(SHAPE[0]):
        stack.at(z, known)
        stack.scores(z, known, 8)
    assert made == list(range(SHAPE[0]))


def test_a_run_taken_up_in_the_middle_scores_as_one_in_one_go() -> None:
    known = SignedDistances({}, SHAPE)
    first = stack_of([])
    whole = [first.scores(z, known, 8) for z in range(SHAPE[0])]
    again = stack_of([]).scores(5, known, 8)
    for name in ALONG_Z:
        np.testing.assert_array_equal(again[name], whole[5][name])
        assert again[name].shape == (3, 3)


def test_the_entropy_of_a_class_is_counted_where_it_is_predicted() -> None:
    shares = np.zeros((2, 8, 16), dtype=np.float32)
    shares[0, :, :8], shares[1, :, 8:] = 0.6, 1.0
    found = entropies(shares, 8)
    assert found["entropy_of_1"][0, 0] > 0.5
    assert found["entropy_of_1"][0, 1] == 0
    assert found["entropy_of_2"].max() < 1e-4
    assert entropy_names(1) == ()
    assert entropy_names(200) == ()


def test_voxels_labelled_and_doubted_are_shares_of_the_patch() -> None:
    labels = np.zeros((8, 8), dtype=np.uint8)
    labels[:4] = 1
    found = counts(labels, np.full((1, 8, 8), 0.25, dtype=np.float32), 8)
    assert found["labelled"][0, 0] == 0.5
    assert found["doubt"][0, 0] == 0.25
