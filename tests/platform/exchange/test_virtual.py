"""The final mask as an OME-Zarr that is made on request."""

from typing import Any

import numpy as np
import pytest
import zarr
from django.test import Client

from lamella.consensus.final import FinalMask
from lamella.cubes.models import Cube
from lamella.exchange.virtual import VirtualMask
from lamella.learning.models import ModelVersion
from tests.factories import (
    make_consensus,
    make_cube,
    make_proposal,
    make_study,
    make_task,
    make_user,
    make_version,
)

pytestmark = pytest.mark.django_db

SHAPE = (3, 700, 600)


@pytest.fixture
def cube() -> Cube:
    study = make_study(alice=make_user("alice"), dana=make_user("dana"), label_dtype="uint16")
    cube = make_cube(study, "liver", shape=SHAPE)
    proposed = np.zeros(SHAPE, np.uint16)
    proposed[:, 500:600, 100:580] = 1
    version = make_version(study, state=ModelVersion.State.SERVING)
    make_proposal(cube, version, labels=proposed)
    return cube


def opened(mask: VirtualMask) -> zarr.Group:
    """The hierarchy as zarr reads it."""
    store: dict[str, Any] = {}
    paths = ["zarr.json", *(f"{level}/zarr.json" for level in range(9))]
    paths += [
        f"{n}/c/{z}/{y}/{x}" for n in range(3) for z in range(4) for y in (0, 1) for x in (0, 1)
    ]
    for path in paths:
        data = mask.file(path)
        if data is not None:
            store[path] = zarr.core.buffer.cpu.Buffer.from_bytes(data)
    return zarr.open_group(zarr.storage.MemoryStore(store), mode="r")


def test_zarr_reads_the_mask_that_an_export_would_hold(cube: Cube) -> None:
    task = make_task(cube, z=1)
    make_consensus(task)
    group = opened(VirtualMask(cube))
    whole = FinalMask(cube).slices(0, 3)
    assert whole[1].any()
    base = group["0"]
    assert isinstance(base, zarr.Array)
    assert base.dtype == np.uint16
    np.testing.assert_array_equal(base[:], whole)
    coarse = group["1"]
    assert isinstance(coarse, zarr.Array)
    np.testing.assert_array_equal(coarse[:], whole[:, 1::2, 1::2])
    ome: Any = group.attrs["ome"]
    assert ome["multiscales"][0]["datasets"][0]["coordinateTransformations"][0]["scale"] == [
        50.0,
        10.0,
        10.0,
    ]
    assert "image-label" in ome


def test_what_people_agree_on_shows_at_once(cube: Cube) -> None:
    before = VirtualMask(cube)
    assert before.file("0/c/0/0/0") is not None or before.file("0/c/0/1/0") is not None
    make_consensus(make_task(cube, z=0))
    after = VirtualMask(cube)
    assert after.mark != before.mark
    assert after.file("0/c/0/0/0") != before.file("0/c/0/0/0")


@pytest.mark.parametrize("path", ["9/zarr.json", "0/c/3/0/0", "0/c/0/2/0", "0/c/0/0", "../x", ""])
def test_other_files_are_not_there(cube: Cube, path: str) -> None:
    assert VirtualMask(cube).file(path) is None


def test_managers_read_it_and_browsers_ask_whether_it_changed(cube: Cube, client: Client) -> None:
    url = f"/api/v1/cubes/{cube.pk}/consensus/zarr/zarr.json"
    client.force_login(cube.study.memberships.get(role="manager").user)
    listing = f"/api/v1/studies/{cube.study.slug}/cubes"
    assert client.get(listing).json()[0]["consensus"] is None  # nobody has looked yet
    make_consensus(make_task(cube, z=0))
    row = client.get(listing).json()[0]
    assert url == f"{row['consensus']}/zarr.json"
    answer = client.get(url)
    assert (answer.status_code, answer["Cache-Control"]) == (200, "private, no-cache")
    assert client.get(url, headers={"If-None-Match": answer["ETag"]}).status_code == 304
    assert int(client.head(url)["Content-Length"]) == len(answer.content)
    client.force_login(cube.study.memberships.get(role="volunteer").user)
    assert client.get(url).status_code == 403
