"""The whole way of a cube with an S3 store: in, labelled, learned, corrected, and out."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import tifffile
from django.test import Client
from numpy.typing import NDArray
from pytest_django import Settings

from lamella.consensus.final import FinalMask
from lamella.cubes.models import Cube
from lamella.cubes.store import location
from lamella.cubes.volumes import reader_of
from lamella.exchange.models import Export
from lamella.learning.models import ModelVersion
from lamella.loop.services import after_job
from lamella.studies.models import Study, StudyState
from lamella.studies.services import set_state
from lamella.volumes.omezarr_read import open_cube
from lamella.volumes.storage import Location
from tests import services
from tests.deployment import compose
from tests.factories import make_study, make_user
from tests.flows.tiny import QUICK, TRAIN, blobs, correct_next, drain

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture(autouse=True)
def store(own_store: None, settings: Settings, tmp_path: Path) -> Location:
    """The store that docker-compose.yml names; the address of the server is of this machine."""
    given = compose.own()["web"]["environment"]
    options = json.loads(given["LAMELLA_STORE_OPTIONS"])
    assert set(options) == set(services.s3_options())
    settings.STORE_URL = given["LAMELLA_STORE"]
    settings.STORE_OPTIONS = {**options, "endpoint_url": services.s3_endpoint()}
    settings.DATA_DIR = tmp_path
    settings.UPLOAD_DIR = tmp_path / "uploads"
    services.s3_bucket(settings.STORE_URL.removeprefix("s3://"))
    return Location(settings.STORE_URL, settings.STORE_OPTIONS)


@pytest.fixture
def study() -> Study:
    return make_study(
        alice=make_user("alice"),
        dana=make_user("dana"),
        redundancy=1,
        round_share=0.1,
        audit_share=0.05,
        max_rounds=1,
        target_dice=1.0,
        settings=QUICK | {"train": TRAIN | {"max_steps": 5}},
        state=StudyState.PAUSED,
    )


def client_of(study: Study, role: str) -> Client:
    client = Client()
    client.force_login(study.memberships.get(role=role).user)
    return client


def tiff(voxels: NDArray[Any]) -> bytes:
    file = io.BytesIO()
    tifffile.imwrite(file, voxels, compression="zlib", metadata={"axes": "ZYX"})
    return file.getvalue()


def post(client: Client, address: str, /, **body: Any) -> Any:
    answer = client.post(f"/api/v1{address}", body, content_type="application/json")
    assert answer.status_code < 300, answer.content
    return answer.json()


def body(response: Any) -> bytes:
    assert response.status_code in (200, 206), response.status_code
    return b"".join(response.streaming_content) if response.streaming else response.content


def upload(dana: Client, study: Study, name: str, data: bytes) -> str:
    key: str = post(dana, f"/studies/{study.slug}/uploads", filename=name, size=len(data))["id"]
    dana.patch(
        f"/api/v1/uploads/{key}",
        data,
        content_type="application/octet-stream",
        headers={"Upload-Offset": "0"},
    )
    return key


def test_a_study_runs_on_an_object_store_from_upload_to_export(
    study: Study, store: Location, tmp_path: Path
) -> None:
    dana, alice = client_of(study, "manager"), client_of(study, "volunteer")
    image, truth = blobs((12, 64, 64))
    post(
        dana,
        f"/studies/{study.slug}/cubes",
        upload=upload(dana, study, "blobs.tif", tiff(image)),
        name="Blobs",
        voxel_size=[2, 1, 1],
        unit="nm",
    )
    drain()
    cube = Cube.objects.get()
    np.testing.assert_array_equal(reader_of(cube).read(), image)
    assert (
        dana.post(
            f"/api/v1/cubes/{cube.pk}/labels?role=training&name=seeds&slices=3,6,9",
            tiff(truth),
            content_type="image/tiff",
        ).status_code
        == 202
    )
    drain()
    set_state(study, StudyState.OPEN)
    after_job(study)
    drain()
    assert study.model_versions.get().state == ModelVersion.State.SERVING

    # What a volunteer's browser asks for: the image, and the proposal.
    tile = body(alice.get(f"/api/v1/cubes/{cube.pk}/tiles/0/6/0/0.jpg?v={cube.checksum}"))
    shown = cv2.imdecode(np.frombuffer(tile, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert shown is not None
    assert shown.shape == (64, 64)

    def draw(task: dict[str, Any], proposal: NDArray[Any]) -> NDArray[Any]:
        assert proposal.shape == (task["height"], task["width"])
        drawn: NDArray[Any] = truth[task["z"]]
        return drawn

    drawn = []
    while task := correct_next(alice, study.slug, draw):
        if task["height"] == 64:  # tiles of the blind audit are smaller
            drawn.append(task["z"])
    drain()
    assert drawn

    # A desktop program reads parts of files.
    listed = dana.get(f"/api/v1/studies/{study.slug}/cubes").json()[0]
    for key in ("image", "proposal", "consensus"):
        group = json.loads(body(dana.get(f"{listed[key]}/zarr.json")))
        assert "multiscales" in group["attributes"]["ome"], key
    whole = body(dana.get(f"{listed['image']}/0/c/0/0/0"))
    part = dana.get(f"{listed['image']}/0/c/0/0/0", headers={"Range": "bytes=100-199"})
    assert (part.status_code, body(part)) == (206, whole[100:200])

    final = FinalMask(cube)
    for format in ("ome-zarr-0.5", "ome-zarr-0.4", "tiff"):
        export = post(dana, f"/cubes/{cube.pk}/exports", format=format)
        drain()
        answer = dana.get(f"/api/v1/exports/{export['id']}").json()
        assert answer["state"] == "ready", answer
        data = body(dana.get(answer["download"]))
        provenance = json.loads(body(dana.get(answer["provenance"])))
        assert provenance["cube"]["checksum"] == cube.checksum
        if format == "tiff":
            voxels = tifffile.imread(io.BytesIO(data))
        else:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                archive.extractall(tmp_path / format)
            voxels = open_cube(str(next((tmp_path / format).glob("*.ome.zarr")))).read()
            stored = open_cube(location(Export.objects.get(pk=export["id"]).uri))
            np.testing.assert_array_equal(stored.read(), voxels)
        assert voxels.dtype == final.dtype
        for z in {*drawn, 3, 6, 9}:
            np.testing.assert_array_equal(voxels[z], truth[z])

    # All of it lies in the store, and nothing beside it on this machine's disk.
    names = {name.split("/")[0] for name in store.files()}
    kinds = {"cubes", "labels", "models", "predictions", "proposals", "exports", "training"}
    assert names == kinds
    assert not (tmp_path / "store").exists()
    assert not [path for path in tmp_path.rglob("zarr.json") if "ome-zarr" not in str(path)]
    assert not (tmp_path / "s3:").exists()


def test_an_export_that_was_broken_off_leaves_nothing_in_the_store(
    study: Study, store: Location, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lamella.exchange import provenance
    from lamella.jobs.models import Job
    from lamella.volumes.errors import StoreError
    from tests.flows.tiny import add_cube
    from workers.runner import run_job

    dana = client_of(study, "manager")
    cube = add_cube(study, blobs((4, 32, 32))[0])

    def broken(*args: object) -> None:
        assert any(name.startswith("exports/") for name in store.files())
        raise StoreError("The store is full.")

    monkeypatch.setattr(provenance, "document", broken)
    asked = post(dana, f"/cubes/{cube.pk}/exports", format="ome-zarr-0.5")
    assert run_job(str(Job.objects.get(kind="export").pk)) == "failed"
    assert dana.get(f"/api/v1/exports/{asked['id']}").json()["error"] == "The store is full."
    assert not [name for name in store.files() if name.startswith("exports/")]


def test_a_cube_in_another_bucket_is_registered_and_stays_as_it_is(
    study: Study, settings: Settings
) -> None:
    from tests.factories import write_voxels

    archive = services.s3_bucket()
    settings.INGEST_URLS = [f"{archive}/"]
    voxels = blobs((5, 40, 40))[0]
    settings.STORE_URL, ours = archive, settings.STORE_URL
    write_voxels("open/a.zarr", voxels)
    before = location("").files()
    settings.STORE_URL = ours
    dana = client_of(study, "manager")
    post(
        dana, f"/studies/{study.slug}/cubes", url=f"{archive}/open/a.zarr", name="A", register=True
    )
    drain()
    cube = Cube.objects.get()
    assert (cube.managed, cube.shape) == (False, [5, 40, 40])
    np.testing.assert_array_equal(reader_of(cube).read(), voxels)
    assert Location(archive, settings.STORE_OPTIONS).files() == before
