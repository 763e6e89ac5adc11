"""Slices that a volunteer likes."""

import numpy as np
import pytest
from django.test import Client

from lamella.accounts.models import User
from lamella.annotation.models import Assignment, Favourite
from lamella.annotation.payload import payload_of
from lamella.cubes.models import Cube
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def given() -> Assignment:
    """Alice has a task of a cube with voxels."""
    alice = make.make_user("alice")
    cube = make.make_cube(make.make_study(alice=alice), voxels=np.zeros((8, 64, 64), np.uint8))
    return make.make_assignment(make.make_task(cube, None, z=3), make.make_volunteer(alice))


def address(given: Assignment) -> str:
    return f"/api/v1/tasks/{given.task_id}/favourite"


def test_alice_keeps_a_slice_and_finds_it_on_her_profile(client: Client, given: Assignment) -> None:
    client.force_login(User.objects.get(username="alice"))
    assert not payload_of(given).favourite
    assert client.put(address(given)).status_code == 204
    assert client.put(address(given)).status_code == 204
    assert payload_of(given).favourite
    assert Favourite.objects.count() == 1
    assert ", slice 4" in client.get("/profile/").content.decode()
    assert client.delete(address(given)).status_code == 204
    assert not payload_of(given).favourite
    assert "Your favourites" not in client.get("/profile/").content.decode()


def test_nobody_keeps_a_slice_that_they_were_not_given(client: Client, given: Assignment) -> None:
    charlie = make.make_user("charlie")
    make.make_volunteer(charlie)
    client.force_login(charlie)
    assert client.put(address(given)).status_code == 404
    assert not Favourite.objects.exists()


def test_what_alice_may_no_longer_see_is_no_longer_on_her_profile(
    client: Client, given: Assignment
) -> None:
    client.force_login(User.objects.get(username="alice"))
    client.put(address(given))
    study = Cube.objects.get().study
    study.memberships.all().delete()
    assert "Your favourites" not in client.get("/profile/").content.decode()
