"""Tiles and planes of a cube over HTTP."""

import cv2
import numpy as np
import pytest
from django.test import Client
from numpy.typing import NDArray

from lamella.cubes.models import Cube
from tests.factories import make_cube, make_study, make_user

pytestmark = pytest.mark.django_db

RNG = np.random.default_rng(0)
VOXELS = RNG.integers(0, 60000, (4, 600, 530), dtype=np.uint16)


@pytest.fixture(scope="module")
def voxels() -> NDArray[np.uint16]:
    return VOXELS


@pytest.fixture
def cube(voxels: NDArray[np.uint16]) -> Cube:
    study = make_study(alice=make_user("alice"), dana=make_user("dana"))
    make_user("charlie")
    return make_cube(study, "liver", voxels=voxels)


@pytest.fixture
def alice(client: Client, cube: Cube) -> Client:
    client.force_login(cube.study.memberships.get(role="volunteer").user)
    return client


def decoded(data: bytes) -> NDArray[np.uint16]:
    return np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED), np.uint16)


def test_a_jpeg_tile_is_windowed_to_the_robust_range(alice: Client, cube: Cube) -> None:
    response = alice.get(f"/api/v1/cubes/{cube.pk}/tiles/0/2/0/0.jpg")
    assert response.status_code == 200
    assert response["Content-Type"] == "image/jpeg"
    tile = decoded(response.content)
    assert tile.shape == (512, 512)
    wanted = np.clip((VOXELS[2, :512, :512] - cube.low) / (cube.high - cube.low), 0, 1) * 255
    assert np.abs(tile - wanted).mean() < 12


def test_tiles_at_the_edge_are_smaller(alice: Client, cube: Cube) -> None:
    response = alice.get(f"/api/v1/cubes/{cube.pk}/tiles/0/0/1/1.jpg")
    assert decoded(response.content).shape == (88, 18)


def test_a_png_tile_loses_nothing(alice: Client, cube: Cube, voxels: NDArray[np.uint16]) -> None:
    response = alice.get(f"/api/v1/cubes/{cube.pk}/tiles/0/3/0/1.png")
    assert response["Content-Type"] == "image/png"
    np.testing.assert_array_equal(decoded(response.content), voxels[3, :512, 512:])


def test_a_window_of_ones_own_can_be_asked_for(alice: Client, cube: Cube) -> None:
    url = f"/api/v1/cubes/{cube.pk}/tiles/0/0/0/0.jpg"
    assert decoded(alice.get(f"{url}?lo=60000&hi=60001").content).max() <= 5
    assert decoded(alice.get(f"{url}?lo=-2&hi=-1").content).min() >= 250
    assert alice.get(f"{url}?lo=nan").status_code == 422


@pytest.mark.parametrize("path", ["9/0/0/0", "0/9/0/0", "0/0/7/0", "0/0/0/7"])
def test_a_tile_outside_of_the_cube_is_not_there(alice: Client, cube: Cube, path: str) -> None:
    for suffix in ("jpg", "png"):
        assert alice.get(f"/api/v1/cubes/{cube.pk}/tiles/{path}.{suffix}").status_code == 404


def test_a_browser_keeps_a_tile_privately_and_only_its_own_version_for_ever(
    alice: Client, cube: Cube
) -> None:
    url = f"/api/v1/cubes/{cube.pk}/tiles/0/0/0/0.jpg"
    versioned = alice.get(f"{url}?v={cube.checksum[:16]}")
    assert versioned["Cache-Control"] == "private, max-age=31536000, immutable"
    assert {"Cookie", "Authorization"} <= {v.strip() for v in versioned["Vary"].split(",")}
    for other in (url, f"{url}?v=older"):
        assert alice.get(other)["Cache-Control"] == "private, no-cache"
    again = alice.get(url, headers={"If-None-Match": versioned["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_a_plane_has_square_pixels_and_at_most_the_size_asked_for(
    alice: Client, cube: Cube
) -> None:
    base = f"/api/v1/cubes/{cube.pk}/plane"
    assert decoded(alice.get(f"{base}/z/1.jpg?max=128").content).shape == (128, 113)
    # Slices are 50 nm thick, pixels 10 nm wide.
    assert decoded(alice.get(f"{base}/y/300.jpg?max=2048").content).shape == (20, 530)
    assert max(decoded(alice.get(f"{base}/x/0.jpg").content).shape) == 256
    assert alice.get(f"{base}/z/4.jpg").status_code == 404
    assert alice.get(f"{base}/w/0.jpg").status_code == 422
    assert alice.get(f"{base}/z/0.jpg?max=99999").status_code == 422


def test_an_outsider_is_told_that_a_private_cube_is_not_there(client: Client, cube: Cube) -> None:
    url = f"/api/v1/cubes/{cube.pk}/tiles/0/0/0/0.jpg"
    missing = client.get("/api/v1/cubes/999999/tiles/0/0/0/0.jpg")
    for _ in range(2):
        refused = client.get(url)
        assert (refused.status_code, refused.json()) == (404, missing.json())
        client.login(username="charlie", password="lamella-test-password")


def test_a_cube_that_is_still_being_read_has_no_tiles(alice: Client, cube: Cube) -> None:
    Cube.objects.filter(pk=cube.pk).update(state="ingesting")
    assert alice.get(f"/api/v1/cubes/{cube.pk}/tiles/0/0/0/0.jpg").status_code == 404
