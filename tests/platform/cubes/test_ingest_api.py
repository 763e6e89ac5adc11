"""Bringing cubes and labels in over HTTP: preview, reading, registering in place, faults."""

import io
import zipfile
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import tifffile
from django.test import Client
from pytest_django import Settings

from lamella.cubes.models import Cube, Labels, Upload, VolumeState
from lamella.cubes.store import location
from lamella.cubes.volumes import reader_of
from lamella.jobs.models import Job, JobState
from lamella.studies.models import Study, StudyState
from lamella.volumes.geometry import VoxelSize
from lamella.volumes.omezarr_meta import CubeFacts
from lamella.volumes.omezarr_write import write_image
from tests.factories import make_cube, make_study, make_user
from workers.runner import run_job

pytestmark = pytest.mark.django_db(transaction=True)

VOXELS = np.random.default_rng(2).integers(0, 250, (6, 40, 50), dtype=np.uint8)
LABELS = (VOXELS > 200).astype(np.uint8) * 3


@pytest.fixture
def study(settings: Settings, tmp_path: Path) -> Study:
    settings.UPLOAD_DIR = tmp_path / "uploads"
    settings.INGEST_ROOTS = [tmp_path / "allowed"]
    (tmp_path / "allowed").mkdir()
    return make_study(alice=make_user("alice"), dana=make_user("dana"), state=StudyState.PAUSED)


@pytest.fixture
def dana(client: Client, study: Study) -> Client:
    client.force_login(study.memberships.get(role="manager").user)
    return client


@pytest.fixture
def stack(tmp_path: Path, study: Study) -> Path:
    path = tmp_path / "allowed" / "stack.tif"
    tifffile.imwrite(path, VOXELS, metadata={"axes": "ZYX"})
    return path


def post(client: Client, address: str, /, **body: Any) -> Any:
    return client.post(f"/api/v1{address}", body, content_type="application/json")


def work(*, outcome: str = "done") -> None:
    """Do the queued reading jobs."""
    for job in Job.objects.filter(
        state=JobState.QUEUED, kind__in=["ingest_cube", "import_labels"]
    ).order_by("created"):
        found = run_job(str(job.pk))
        job.refresh_from_db()
        assert found == outcome, job.traceback


def uploaded(client: Client, study: Study, name: str, data: bytes) -> str:
    key: str = post(client, f"/studies/{study.slug}/uploads", filename=name, size=len(data)).json()[
        "id"
    ]
    client.patch(
        f"/api/v1/uploads/{key}",
        data,
        content_type="application/octet-stream",
        headers={"Upload-Offset": "0"},
    )
    return key


def test_an_upload_is_previewed_and_read_with_what_the_person_says(
    dana: Client, study: Study, stack: Path
) -> None:
    key = uploaded(dana, study, "stack.tif", stack.read_bytes())
    seen = post(dana, f"/studies/{study.slug}/preview", upload=key).json()
    assert (seen["axes"], seen["shape"], seen["dtype"]) == ("ZYX", [6, 40, 50], "uint8")
    assert len(seen["thumbnails"]) == len(seen["thumbnail_z"]) == 3
    assert seen["thumbnails"][0].startswith("data:image/jpeg;base64,")

    answer = post(
        dana,
        f"/studies/{study.slug}/cubes",
        upload=key,
        name="Liver",
        voxel_size=[50, 10, 10],
        unit="nm",
        licence="CC0",
        citation="Somebody 2020",
    )
    assert answer.status_code == 202
    assert answer.json()["job"] is not None
    work()
    cube = Cube.objects.get()
    assert (cube.state, cube.unit, cube.voxel_size) == ("ready", "nanometer", [50, 10, 10])
    assert (cube.licence, cube.citation) == ("CC0", "Somebody 2020")
    np.testing.assert_array_equal(reader_of(cube).read(), VOXELS)
    assert dana.get(f"/api/v1/cubes/{cube.pk}").json()["state"] == "ready"


def test_a_zip_of_slices_can_be_uploaded(dana: Client, study: Study, tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for z, plane in enumerate(VOXELS):
            slice_file = io.BytesIO()
            tifffile.imwrite(slice_file, plane)
            archive.writestr(f"stack/s{z}.tif", slice_file.getvalue())
    key = uploaded(dana, study, "stack.zip", packed.getvalue())
    assert post(dana, f"/studies/{study.slug}/preview", upload=key).json()["shape"] == [6, 40, 50]
    post(dana, f"/studies/{study.slug}/cubes", upload=key, name="Liver")
    work()
    np.testing.assert_array_equal(reader_of(Cube.objects.get()).read(), VOXELS)
    assert not list((tmp_path / "uploads" / "unpacked").iterdir())


def test_an_hdf5_file_asks_which_dataset_is_meant(
    dana: Client, study: Study, tmp_path: Path
) -> None:
    path = tmp_path / "allowed" / "both.h5"
    with h5py.File(path, "w") as file:
        file["raw"], file["labels"] = VOXELS, LABELS
    url = f"/studies/{study.slug}/preview"
    seen = post(dana, url, path=str(path)).json()
    assert seen["datasets"] == ["/labels", "/raw"]
    assert "choose one of" in seen["question"]
    chosen = post(dana, url, path=str(path), dataset="/labels", labels=True).json()
    assert (chosen["ids"], chosen["id_count"], chosen["ids_complete"]) == ([3], 1, True)


def test_only_allowed_places_are_read_and_one_source_is_named(
    dana: Client, study: Study, stack: Path, tmp_path: Path
) -> None:
    secret = tmp_path / "secret.tif"
    secret.write_bytes(stack.read_bytes())
    (stack.parent / "link.tif").symlink_to(secret)
    for what in (
        {"path": str(secret)},
        {"path": str(stack.parent / "link.tif")},
        {"path": f"{stack.parent}/../secret.tif"},
        {"url": "http://127.0.0.1/cube.zarr"},
        {"url": "file:///etc/passwd"},
        {},
        {"path": str(stack), "url": "https://example.org/x.zarr"},
    ):
        for url in ("preview", "cubes"):
            answer = post(dana, f"/studies/{study.slug}/{url}", name="x", **what)
            assert answer.status_code == 422, what
            assert answer.json()["detail"].endswith(".")
    assert not Cube.objects.exists()


def test_an_ome_zarr_is_registered_where_it_is_and_never_written(
    dana: Client, study: Study, tmp_path: Path
) -> None:
    place = tmp_path / "allowed" / "cube.zarr"
    write_image(
        str(place),
        lambda z0, z1: VOXELS[z0:z1],
        shape=(6, 40, 50),
        dtype=np.uint8,
        kind="image",
        voxel_size=VoxelSize(3.0, 2.0, 2.0, "micrometer"),
        facts=CubeFacts("image", ""),
        name="elsewhere",
    )
    before = {p: p.stat().st_mtime_ns for p in place.rglob("*")}
    url = f"/studies/{study.slug}/cubes"
    post(dana, url, path=str(place), name="In place", register=True)
    work()
    cube = Cube.objects.get()
    assert (cube.state, cube.managed, cube.error) == ("ready", False, "")
    assert (cube.shape, cube.voxel_size, cube.unit) == ([6, 40, 50], [3, 2, 2], "micrometer")
    assert 0 < len(cube.checksum) <= 64
    assert cube.high > cube.low
    assert dana.get(f"/api/v1/cubes/{cube.pk}/tiles/0/0/0/0.jpg").status_code == 200
    assert dana.get(f"/api/v1/cubes/{cube.pk}/zarr/zarr.json").status_code == 200
    assert {p: p.stat().st_mtime_ns for p in place.rglob("*")} == before
    assert not Path(location(f"cubes/{cube.pk}").url).exists()


def test_an_upload_and_a_tiff_cannot_be_registered_in_place(
    dana: Client, study: Study, stack: Path
) -> None:
    url = f"/studies/{study.slug}/cubes"
    key = uploaded(dana, study, "stack.tif", stack.read_bytes())
    assert post(dana, url, upload=key, name="x", register=True).status_code == 422
    post(dana, url, path=str(stack), name="y", register=True)
    work(outcome="failed")
    assert Cube.objects.get().state == VolumeState.FAILED


def test_of_a_cube_that_cannot_be_read_a_sentence_stays_and_its_name_is_free(
    dana: Client, study: Study, stack: Path
) -> None:
    whole = stack.read_bytes()
    stack.write_bytes(whole[: len(whole) // 2])
    url = f"/studies/{study.slug}/cubes"
    post(dana, url, path=str(stack), name="Liver")
    failed = Cube.objects.get()
    labels = post(dana, f"/cubes/{failed.pk}/labels", path=str(stack), name="l", role="gold")
    assert labels.status_code == 202
    work(outcome="failed")
    failed.refresh_from_db()
    assert failed.state == VolumeState.FAILED
    assert "stack.tif" in failed.error
    assert "could not be read" in Labels.objects.get().error
    assert not Path(location(f"cubes/{failed.pk}/image.zarr").url).exists()
    late = post(dana, f"/cubes/{failed.pk}/labels", path=str(stack), name="l", role="gold")
    assert late.status_code == 409

    stack.write_bytes(whole)
    assert post(dana, url, path=str(stack), name="Liver").status_code == 202
    work()
    assert Cube.objects.get().state == VolumeState.READY
    taken = post(dana, url, path=str(stack), name="Liver")
    assert taken.status_code == 409
    assert "There is a cube named “Liver”" in taken.json()["detail"]


def test_only_a_failed_cube_can_be_removed(dana: Client, study: Study) -> None:
    ready = make_cube(study, "ready")
    failed = make_cube(study, "failed", state=VolumeState.FAILED)
    assert dana.delete(f"/api/v1/cubes/{ready.pk}").status_code == 409
    assert dana.delete(f"/api/v1/cubes/{failed.pk}").status_code == 204
    assert list(Cube.objects.all()) == [ready]


def test_labels_are_sent_as_a_tiff_with_the_slices_that_are_labelled(
    dana: Client, study: Study
) -> None:
    cube = make_cube(study, voxels=VOXELS)
    body = io.BytesIO()
    tifffile.imwrite(body, LABELS, compression="zlib")
    url = f"/api/v1/cubes/{cube.pk}/labels?role=training&name=napari&slices=1,4"
    answer = dana.post(url, body.getvalue(), content_type="image/tiff")
    assert answer.status_code == 202, answer.content
    sent = answer.json()
    assert (sent["state"], sent["slices"]) == ("waiting", [1, 4])
    work()
    assert dana.get(f"/api/v1/labels/{sent['id']}").json()["state"] == "ready"
    labels = Labels.objects.get()
    assert (labels.role, labels.dtype, labels.name) == ("training", "uint8", "napari")
    file = dana.get(f"/api/v1/labels/{labels.pk}/zarr/zarr.json")
    assert "image-label" in file.json()["attributes"]["ome"]


def test_labels_that_do_not_fit_are_refused_with_one_sentence(dana: Client, study: Study) -> None:
    cube = make_cube(study, voxels=VOXELS)
    url = f"/api/v1/cubes/{cube.pk}/labels"
    body = io.BytesIO()
    tifffile.imwrite(body, LABELS[:5], photometric="minisblack")
    assert dana.post(url, body.getvalue(), content_type="image/tiff").status_code == 422
    assert (
        dana.post(f"{url}?role=silver", body.getvalue(), content_type="image/tiff").status_code
        == 422
    )
    assert (
        dana.post(
            f"{url}?role=gold&slices=1;2", body.getvalue(), content_type="image/tiff"
        ).status_code
        == 422
    )
    assert dana.post(f"{url}?role=gold", b"x", content_type="text/plain").status_code == 415
    outside = dana.post(f"{url}?role=gold&slices=2,9", body.getvalue(), content_type="image/tiff")
    assert outside.status_code == 409
    assert "slices 0 to 5" in outside.json()["detail"]
    odd = post(dana, f"/cubes/{cube.pk}/labels", name="x", role="gold", others=-1)
    assert (odd.status_code, "others" in odd.json()["detail"]) == (422, True)
    assert not Labels.objects.exists()
    assert not Upload.objects.exists()

    dana.post(f"{url}?role=gold", body.getvalue(), content_type="image/tiff")
    work(outcome="failed")
    labels = Labels.objects.get()
    assert "5 x 40 x 50" in labels.error
    assert not Path(location(f"labels/{labels.pk}.zarr").url).exists()
    assert dana.delete(f"/api/v1/labels/{labels.pk}").status_code == 204


def test_mapped_labels_come_from_a_path(dana: Client, study: Study, tmp_path: Path) -> None:
    cube = make_cube(study, voxels=VOXELS)
    path = tmp_path / "allowed" / "labels.tif"
    tifffile.imwrite(path, LABELS)
    post(dana, f"/cubes/{cube.pk}/labels", path=str(path), name="l", role="test", mapping={"3": 1})
    work()
    labels = Labels.objects.get()
    assert labels.state == "ready"
    assert labels.mapping == {"map": {"3": 1}}


def test_volunteers_bring_nothing_in(study: Study, client: Client, stack: Path) -> None:
    cube = make_cube(study)
    client.force_login(study.memberships.get(role="volunteer").user)
    for url in (
        f"/studies/{study.slug}/preview",
        f"/studies/{study.slug}/cubes",
        f"/cubes/{cube.pk}/labels",
    ):
        answer = post(client, url, path=str(stack), name="x", role="gold")
        assert answer.status_code == 403
    assert Upload.objects.count() == 0


def test_a_browser_sends_labels_with_its_csrf_token_only(study: Study) -> None:
    cube = make_cube(study, voxels=VOXELS)
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(study.memberships.get(role="manager").user)
    body = io.BytesIO()
    tifffile.imwrite(body, LABELS, photometric="minisblack")
    url = f"/api/v1/cubes/{cube.pk}/labels?role=gold"
    assert browser.post(url, body.getvalue(), content_type="image/tiff").status_code == 403
    browser.get(f"/studies/{study.slug}/cubes/add/")
    token = {"X-CSRFToken": browser.cookies["csrftoken"].value}
    sent = browser.post(url, body.getvalue(), content_type="image/tiff", headers=token)
    assert sent.status_code == 202, sent.content
    work()
    assert Labels.objects.get().state == VolumeState.READY
