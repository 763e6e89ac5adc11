"""A study's volumes for other programs."""

import numpy as np
import pytest
from django.test import Client

from lamella.cubes.models import VolumeState
from lamella.learning.models import ModelVersion
from lamella.learning.proposals import root_of
from lamella.volumes.slabs import create_array
from tests.factories import make_cube, make_proposal, make_study, make_user, make_version

pytestmark = pytest.mark.django_db

VOXELS = np.zeros((4, 64, 64), np.uint8)


def test_the_listing_names_what_each_role_may_read(client: Client) -> None:
    alice, dana = make_user("alice"), make_user("dana")
    study = make_study(alice=alice, dana=dana)
    cube = make_cube(study, "liver", voxels=VOXELS)
    make_cube(study, "waiting", state=VolumeState.INGESTING, shape=(1, 1, 1))
    version = make_version(study, state=ModelVersion.State.SERVING)
    proposal = make_proposal(
        cube, version, labels=VOXELS, blend={"scores": ["entropy", "discriminator_focus"]}
    )
    scores = create_array(
        root_of(proposal), "scores/discriminator_focus", shape=(4, 2, 2), dtype=np.float32,
        attrs={"patch": 32},
    )  # fmt: skip
    scores.write(0, np.ones((4, 2, 2), np.float32))
    url = f"/api/v1/studies/{study.slug}/cubes"
    assert client.get(url).status_code == 404

    client.force_login(dana)
    first, second = client.get(url).json()
    assert first["shape"] == [4, 64, 64]
    assert (first["unit"], first["voxel_size"]) == ("nanometer", [50.0, 10.0, 10.0])
    assert first["classes"][0]["name"] == "lipid droplet"
    assert second["image"] is second["proposal"] is None
    for address, file in (
        (first["image"], "zarr.json"),
        (first["proposal"], "0/zarr.json"),
        (first["patch_scores"], "zarr.json"),
    ):
        assert client.get(f"{address}/{file}").status_code == 200
    assert client.get(first["patch_scores"] + "/zarr.json").json()["attributes"]["patch"] == 32

    client.force_login(alice)
    row = client.get(url).json()[0]
    assert row["image"] == first["image"]
    assert row["proposal"] is row["patch_scores"] is row["consensus"] is None
    assert client.get(first["proposal"] + "/zarr.json").status_code == 403
