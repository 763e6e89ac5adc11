"""Exports: what goes in comes out, joined along z, and every voxel can be traced."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from django.db.models import F
from django.test import Client
from numpy.typing import NDArray

from lamella.consensus.final import FinalMask
from lamella.cubes.models import LabelsRole
from lamella.cubes.readers.registry import open_source
from lamella.cubes.store import location
from lamella.exchange.models import Export
from lamella.exchange.trace import trace
from lamella.learning.models import ModelVersion, TrainingRun
from lamella.loop.services import after_job
from lamella.rounds.models import Task
from lamella.studies.models import Study
from lamella.volumes.codec import UNSURE
from lamella.volumes.omezarr_read import open_cube
from tests.factories import make_study, make_user
from tests.flows.tiny import QUICK, add_cube, add_labels, blobs, correct_next, drain

pytestmark = [pytest.mark.django_db(transaction=True)]


def member(study: Study, role: str) -> Client:
    client = Client()
    client.force_login(study.memberships.get(role=role).user)
    return client


def exported(dana: Client, cube_id: int, format: str) -> dict[str, Any]:
    """A finished export, as the API tells of it."""
    asked = dana.post(
        f"/api/v1/cubes/{cube_id}/exports", {"format": format}, content_type="application/json"
    )
    assert asked.status_code == 202, asked.content
    drain()
    answer = dana.get(f"/api/v1/exports/{asked.json()['id']}").json()
    assert answer["state"] == "ready", answer
    return dict(answer)


def body(response: Any) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else response.content


def many_ids() -> NDArray[np.uint32]:
    """More ids than 16 bits can count, of blocks of 3 x 3 voxels, in no order."""
    shape = (8, 300, 300)
    z, y, x = np.indices(shape)
    blocks = z * 10_000 + (y // 3) * 100 + x // 3
    ids = np.random.default_rng(0).permutation(4_000_000)[: blocks.max() + 1] + 1
    labels: NDArray[np.uint32] = ids[blocks].astype(np.uint32)
    labels[:, ::7] = 0
    return labels


@pytest.mark.parametrize("format", ["ome-zarr-0.5", "ome-zarr-0.4", "tiff"])
def test_a_volume_of_70_000_ids_goes_in_and_comes_out_the_same(format: str, tmp_path: Path) -> None:
    labels = many_ids()
    ids = np.unique(labels[labels > 0])
    assert len(ids) > 70_000
    assert ids.max() > 2**16
    study = make_study(
        alice=make_user("alice"), dana=make_user("dana"), label_dtype="uint32", instances=True
    )
    cube = add_cube(study, np.zeros(labels.shape, np.uint8))
    dana = member(study, "manager")
    sent = io.BytesIO()
    tifffile.imwrite(sent, labels, compression="zlib", photometric="minisblack")
    answer = dana.post(
        f"/api/v1/cubes/{cube.pk}/labels?role=external&name=other",
        sent.getvalue(),
        content_type="image/tiff",
    )
    assert answer.status_code == 202
    drain()
    # The loop took another tool's masks over, without any training.
    assert ModelVersion.objects.get().kind == ModelVersion.Kind.EXTERNAL
    assert not TrainingRun.objects.exists()

    export = exported(dana, cube.pk, format)
    data = body(dana.get(export["download"]))
    if format == "tiff":
        place = tmp_path / "labels.ome.tif"
        place.write_bytes(data)
    else:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            assert archive.testzip() is None
            archive.extractall(tmp_path)
        place = next(tmp_path.glob("*.ome.zarr"))
        assert open_cube(str(place)).version == format.removeprefix("ome-zarr-")
        assert json.loads(next(tmp_path.glob("*.provenance.json")).read_text())["regions"] == []
    with open_source(place) as source:
        assert source.dtype == np.uint32
        assert source.voxel_size is not None
        assert (source.voxel_size.zyx, source.voxel_size.unit) == ((2.0, 1.0, 1.0), "nanometer")
        np.testing.assert_array_equal(source.slices(0, 8), labels)


def test_every_voxel_can_be_traced_to_the_data_that_it_rests_on() -> None:
    study = make_study(
        alice=make_user("alice", email="alice@example.org", first_name="Alice"),
        dana=make_user("dana", email="dana@example.org"),
        redundancy=1,
        round_share=0.1,
        audit_share=0.05,
        max_rounds=1,
        target_dice=1.0,
        settings=QUICK,
    )
    image, truth = blobs()
    cube = add_cube(study, image)
    seeds = add_labels(cube, truth, LabelsRole.TRAINING, [6, 12, 18])
    after_job(study)
    drain()
    alice = member(study, "volunteer")
    unsure = np.zeros((64, 64), bool)
    unsure[:5, 10:20] = True

    def draw(task: dict[str, Any], proposal: NDArray[Any]) -> NDArray[Any]:
        mask: NDArray[np.uint32] = truth[task["z"]].astype(np.uint32)
        mask[unsure] = UNSURE
        return mask

    drawn = []
    while task := correct_next(alice, study.slug, draw):
        if task["height"] == 64:  # tiles of the blind audit are smaller
            drawn.append(task["z"])
    drain()

    dana = member(study, "manager")
    export = exported(dana, cube.pk, "ome-zarr-0.5")
    final = FinalMask(cube)
    voxels = open_cube(location(Export.objects.get().uri)).read()
    for z in [*drawn, 6, 12, 18]:
        sure = ~unsure if z in drawn else np.ones_like(unsure)
        np.testing.assert_array_equal(voxels[z][sure], truth[z][sure])

    response = dana.get(export["provenance"])
    text = body(response).decode()
    assert not any(word in text for word in ("example.org", "Alice", "alice", "dana"))
    document = json.loads(text)
    assert document["cube"]["checksum"] == cube.checksum
    assert document["export"]["shape"] == list(voxels.shape)
    seen = np.stack([final.slice_and_known(z)[1] for z in range(len(voxels))])
    assert document["figures"]["shown"] == pytest.approx(seen.mean())
    assert set(document["figures"]["seams"]) >= {"splits", "merges", "starts", "ends"}

    def whole(y: int, x: int) -> int:
        """A slice that she was shown with a proposal at this place: blind tiles have none."""
        over = {"y0__lte": y, "y0__gt": y - F("height"), "x0__lte": x, "x0__gt": x - F("width")}
        blind = set(Task.objects.exclude(height=64).filter(**over).values_list("z", flat=True))
        return int(next(z for z in drawn if z not in blind))

    of_people = trace(document, whole(30, 30), 30, 30)
    assert of_people.origin == "consensus"
    assert of_people.corrections[0]["active_seconds"] == 12.5
    user = study.memberships.get(role="volunteer").user
    assert of_people.corrections[0]["volunteer"] == str(user.volunteer.pk)
    assert of_people.proposal is not None  # what she was shown
    assert of_people.training_run is not None

    assert trace(document, whole(2, 12), 2, 12).origin == "proposal"  # she was unsure there
    assert trace(document, whole(2, 30), 2, 30).origin == "consensus"

    of_seeds = trace(document, 12, 30, 30)
    assert of_seeds.labels is not None
    assert (of_seeds.origin, of_seeds.labels["checksum"]) == ("labels", seeds.checksum)

    elsewhere = next(z for z in range(24) if not seen[z, 60, 60])
    of_model = trace(document, elsewhere, 60, 60)
    assert of_model.origin == "proposal"
    assert of_model.model_version is not None
    assert of_model.training_run is not None
    version = study.model_versions.get(state=ModelVersion.State.SERVING)
    assert version.training_run is not None
    assert of_model.model_version["checksum"] == version.checksum
    assert of_model.training_run["data_hash"] == version.training_run.data_hash
    assert of_model.training_run["code_version"]
    assert {s["z"] for s in of_model.training_run["snapshot"]["sources"]} >= {6, 12, 18}
    with pytest.raises(IndexError):
        trace(document, 24, 0, 0)


def test_an_export_that_fails_says_why_and_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    from lamella.exchange import writing
    from lamella.jobs.models import Job
    from lamella.volumes.errors import StoreError
    from workers.runner import run_job

    study = make_study(dana=make_user("dana"))
    image, _ = blobs((4, 32, 32))
    cube = add_cube(study, image)
    dana = member(study, "manager")
    url = f"/api/v1/cubes/{cube.pk}/exports"
    asked = dana.post(url, {"format": "tiff"}, content_type="application/json").json()
    again = dana.post(url, {"format": "tiff"}, content_type="application/json").json()
    assert again["id"] == asked["id"]

    def broken(*args: object, **kwargs: object) -> None:
        raise StoreError("The image is gone.")

    monkeypatch.setattr(writing, "write_tiff", broken)
    assert run_job(str(Job.objects.get(kind="export").pk)) == "failed"
    answer = dana.get(f"/api/v1/exports/{asked['id']}").json()
    assert (answer["state"], answer["error"]) == ("failed", "The image is gone.")
    assert dana.get(f"/api/v1/exports/{asked['id']}/download").status_code == 404
    assert not Path(location(f"exports/{asked['id']}").url).exists()
