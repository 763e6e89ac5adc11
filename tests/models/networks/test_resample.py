"""Cubes of other pixel sizes."""

import dataclasses

import numpy as np
import pytest

from models.crowd.shares import VoteShares
from models.networks.resample import at_pixels_of
from models.networks.types import TrainingSlice
from tests.models.networks.toys import Spy, blobs, cube_of


def test_a_cube_of_the_models_pixels_is_left_alone() -> None:
    cube = cube_of(*blobs((4, 20, 24)), [1])
    assert at_pixels_of(cube, (9.0, 1.0, 1.03)) is cube


def test_image_and_labels_keep_their_places() -> None:
    image, labels = np.zeros((3, 20, 24)), np.zeros((3, 20, 24), np.uint8)
    image[:, 4:12, 8:16], labels[:, 4:12, 8:16] = 100.0, 1
    cube = dataclasses.replace(cube_of(image, labels, [1]), voxel_size=(5.0, 2.0, 1.0))
    found = at_pixels_of(cube, (7.0, 1.0, 2.0))
    assert found.image.shape == (3, 40, 12)
    assert found.voxel_size == (5.0, 1.0, 2.0)
    expected = np.zeros((40, 12), bool)
    expected[8:24, 4:8] = True
    assert (found.known[1].labels == expected).all()
    assert found.known[1].labels.dtype == np.uint8
    assert ((found.image[1:2][0] > 50.0) == expected).all()


def test_weights_and_votes_follow_the_labels() -> None:
    labels = np.zeros((4, 4), np.uint8)
    weight = np.zeros((4, 4), np.float32)
    weight[:2] = 1.0
    votes = VoteShares((4, 4), np.array([5]), np.array([[0.5]], np.float16))
    cube = cube_of(np.zeros((1, 4, 4)), labels[None], [])
    known = {0: TrainingSlice(labels, weight, votes)}
    found = at_pixels_of(
        dataclasses.replace(cube, known=known, voxel_size=(1.0, 2.0, 2.0)), (1.0, 1.0, 1.0)
    ).known[0]
    assert found.weight is not None
    assert found.weight[:4].all()
    assert not found.weight[4:].any()
    assert found.fractions is not None
    assert found.fractions.shape == (8, 8)
    assert found.fractions.pixels.tolist() == [18, 19, 26, 27]


def test_slices_are_read_as_they_are_asked_for_and_missing_pixels_spoil_no_others() -> None:
    image = np.full((6, 8, 8), 100.0, np.float32)
    image[:, 0, 0] = np.nan
    spy = Spy(image)
    cube = dataclasses.replace(cube_of(image, np.zeros(image.shape, np.uint8), []), image=spy)
    source = at_pixels_of(cube, (1.0, 2.0, 2.0)).image
    assert spy.seen == set()
    planes = source[2:4]
    assert planes.shape == (2, 4, 4)
    assert np.isfinite(planes).all()
    assert spy.seen == {2, 3}


def test_pixels_that_are_too_far_apart_are_refused_with_one_sentence() -> None:
    cube = cube_of(*blobs((2, 8, 8)), [1])
    with pytest.raises(ValueError, match=r"pixels of 1 × 1, and the model .* 0.01 × 0.01"):
        at_pixels_of(cube, (1.0, 0.01, 0.01))
