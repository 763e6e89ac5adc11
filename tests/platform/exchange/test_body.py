"""A cube's mask as a small body."""

import zlib
from typing import Any

import numpy as np
import pytest
from django.test import Client

from lamella.cubes.models import Cube, LabelsRole
from lamella.exchange.body import SEEN, SIDE, body_of
from lamella.learning.models import Proposal
from tests import factories as make

pytestmark = pytest.mark.django_db


def proposed(labels: np.ndarray, **study: Any) -> tuple[Cube, Proposal]:
    """A cube with a proposal of the serving version."""
    cube = make.make_cube(make.make_study(**study), shape=labels.shape, voxel_size=[2.0, 1.0, 1.0])
    version = make.make_version(cube.study, state="serving")
    return cube, make.make_proposal(cube, version, labels=labels)


def test_a_large_cube_becomes_a_body_of_64_voxels_with_its_true_proportions() -> None:
    labels = np.zeros((100, 300, 200), np.uint8)
    labels[20:60, 150:, 50:150] = 1
    cube, proposal = proposed(labels)
    body = body_of(cube, proposal)
    assert body.voxels.shape == (SIDE, SIDE, SIDE)
    assert body.size == (200.0, 300.0, 200.0)
    filled = body.voxels > 0
    assert filled.mean() == pytest.approx((labels > 0).mean(), rel=0.1)
    assert not filled[:, : SIDE // 2 - 1].any()


def test_where_people_agreed_is_marked() -> None:
    labels = np.ones((8, 64, 64), np.uint8)
    cube, proposal = proposed(labels)
    make.make_labels(cube, LabelsRole.TRAINING, slices=[3])
    body = body_of(cube, proposal)
    assert [int(plane.max()) for plane in body.voxels] == [1, 1, 1, SEEN + 1, 1, 1, 1, 1]


def test_objects_with_ids_are_numbered_round_and_round() -> None:
    labels = np.zeros((2, 64, 64), np.uint32)
    labels[0, :10], labels[0, 10:20], labels[1, :5] = 127, 128, 2**32 - 1
    cube, proposal = proposed(labels, instances=True, label_dtype="uint32")
    assert set(np.unique(body_of(cube, proposal).voxels)) == {0, 127, 1}


def test_whoever_may_see_the_cube_gets_it_packed_and_once(client: Client) -> None:
    alice = make.make_user("alice")
    cube, _ = proposed(np.ones((4, 64, 64), np.uint8), alice=alice)
    address = f"/api/v1/cubes/{cube.pk}/body"
    assert client.get(address).status_code == 404
    client.force_login(alice)
    answer = client.get(address)
    assert (answer["X-Shape"], answer["X-Size"]) == ("4,64,64", "8,64,64")
    assert answer["Content-Encoding"] == "deflate"
    assert set(zlib.decompress(answer.content)) == {1}
    assert client.get(address, headers={"If-None-Match": answer["ETag"]}).status_code == 304


def test_a_cube_of_which_nothing_was_proposed_has_none(client: Client) -> None:
    alice = make.make_user("alice")
    cube = make.make_cube(make.make_study(alice=alice))
    client.force_login(alice)
    assert client.get(f"/api/v1/cubes/{cube.pk}/body").status_code == 404
