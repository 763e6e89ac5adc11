"""What the correction page is told of a task."""

from base64 import b64decode
from typing import Any

import numpy as np
import pytest
from django.test import Client
from numpy.typing import NDArray

from lamella.studies.models import Study
from lamella.volumes import codec
from tests import factories as make

pytestmark = pytest.mark.django_db


def asked(study: Study, client: Client, **body: Any) -> Any:
    address = f"/api/v1/studies/{study.slug}/next"
    answer = client.post(address, body, content_type="application/json")
    assert answer.status_code == 200
    return answer.json()["proposal"]


@pytest.fixture
def alice() -> Client:
    client = Client()
    client.force_login(make.make_user("alice"))
    return client


def proposed(labels: NDArray[np.uint8]) -> Study:
    """An open study of a task on slice 0 with this proposal (Z, Y, X)."""
    study = make.make_study(public=True, anonymous=True)
    cube = make.make_cube(study, voxels=np.zeros(labels.shape, np.uint8))
    make.make_task(
        cube, make.make_round(study, 1), proposal=make.make_proposal(cube, labels=labels)
    )
    return study


def test_a_small_proposal_comes_with_its_task_where_it_is_asked_for(alice: Client) -> None:
    labels = np.zeros((4, 64, 64), np.uint8)
    labels[0, 10:30, 10:30] = 1
    study = proposed(labels)
    assert asked(study, alice)["packed"] is None
    found = asked(study, alice, with_proposal=True)
    mask = codec.unpack(b64decode(found["packed"]), shape=(64, 64), dtype=np.dtype(np.uint8))
    assert (mask == labels[0]).all()
    assert found["hash"] == codec.mask_hash(mask)
    beside = alice.get(found["url"])
    assert beside.content == b64decode(found["packed"])


def test_a_large_proposal_comes_beside_its_task(alice: Client) -> None:
    noise = np.random.default_rng(0).integers(0, 2, (4, 512, 512)).astype(np.uint8)
    assert asked(proposed(noise), alice, with_proposal=True)["packed"] is None


def test_nothing_comes_where_nothing_is_proposed(alice: Client) -> None:
    study = make.make_study(public=True, anonymous=True)
    cube = make.make_cube(study, voxels=np.zeros((4, 64, 64), np.uint8))
    make.make_task(cube, make.make_round(study, 1))
    found = asked(study, alice, with_proposal=True)
    assert (found["origin"], found["packed"]) == ("none", None)
