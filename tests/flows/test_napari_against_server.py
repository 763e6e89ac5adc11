"""The napari plugin against the real server: what one promises is what the other expects."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from numpy.typing import NDArray

from lamella.accounts import tokens
from lamella.accounts.models import User
from lamella.cubes.models import Labels
from lamella.cubes.readers.registry import open_source
from lamella.cubes.store import location
from lamella.cubes.volumes import labels_reader_of
from lamella.jobs.models import Job, JobState
from lamella.learning.models import ModelVersion, Proposal
from lamella.studies.models import Study
from lamella.volumes.geometry import VoxelSize
from lamella.volumes.slabs import create_array
from napari_lamella import work
from napari_lamella.client import Client
from napari_lamella.edits import SliceChoice, write_tiff
from napari_lamella.errors import LamellaError
from tests.factories import make_cube, make_proposal, make_study, make_user, make_version
from workers.runner import run_job

pytestmark = pytest.mark.django_db(transaction=True)

SHAPE = (8, 600, 700)
PATCH = 64


@pytest.fixture
def dana() -> User:
    return make_user("dana")


@pytest.fixture
def study(dana: User) -> Study:
    return make_study(dana=dana, alice=make_user("alice"))


@pytest.fixture
def image() -> NDArray[np.uint8]:
    rng = np.random.default_rng(3)
    return rng.integers(0, 255, SHAPE, np.uint8)


@pytest.fixture
def labels() -> NDArray[np.uint8]:
    marked = np.zeros(SHAPE, np.uint8)
    marked[:, 100:300, 200:400] = 1
    marked[2, 310:330, 200:400] = 255  # unsure
    return marked


@pytest.fixture
def proposal(study: Study, image: NDArray[Any], labels: NDArray[Any]) -> Proposal:
    cube = make_cube(study, "liver-3", voxels=image)
    serving = make_version(study, state=ModelVersion.State.SERVING)
    made = make_proposal(cube, serving, labels=labels, blend={"scores": ["discriminator"]})
    grid = (-(-SHAPE[1] // PATCH), -(-SHAPE[2] // PATCH))
    scores = create_array(
        location(made.uri),
        "scores/discriminator",
        shape=(SHAPE[0], *grid),
        dtype=np.float32,
        attrs={"patch": PATCH},
    )
    for z0, z1 in scores.spans:
        scores.write(z0, np.full((z1 - z0, *grid), 0.25, np.float32))
    scores.finish()
    return made


def connected(server: Any, user: User) -> Client:
    client, _ = work.connect(server.url, tokens.create(user, "napari")[1])
    return client


def test_dana_sees_the_image_the_proposal_and_its_scores(
    live_server: Any,
    dana: User,
    proposal: Proposal,
    image: NDArray[Any],
    labels: NDArray[Any],
) -> None:
    client = connected(live_server, dana)
    (study,) = client.studies()
    assert study.may_send
    (cube,) = client.cubes(study.slug)
    assert cube.shape == SHAPE
    assert cube.classes[0].name == "lipid droplet"
    viewer = ViewerModel()
    for layer in work.open_cube(client, cube):
        viewer.add_layer(layer)
    assert [layer.name for layer in viewer.layers] == [
        "liver-3",
        "liver-3 proposal",
        "liver-3 patch scores",
    ]
    for layer in viewer.layers:
        assert layer.scale[0] == 50.0
        assert {str(unit) for unit in layer.units} == {"nanometer"}
    picture, shown, scores = viewer.layers
    full = picture.data[0] if picture.multiscale else picture.data
    np.testing.assert_array_equal(np.asarray(full[5, 90:140, 500:700]), image[5, 90:140, 500:700])
    full = shown.data[0] if shown.multiscale else shown.data
    np.testing.assert_array_equal(np.asarray(full[2]), labels[2])
    assert np.unique(np.asarray(scores.data[7])).tolist() == [0.25]


def test_a_copy_to_edit_is_the_proposal_voxel_by_voxel(
    live_server: Any, dana: User, proposal: Proposal, labels: NDArray[Any]
) -> None:
    client = connected(live_server, dana)
    (cube,) = client.cubes(client.studies()[0].slug)
    assert cube.proposal is not None
    layer = work.edit_copy(client, cube, cube.proposal)
    assert layer.data.dtype == np.uint8
    np.testing.assert_array_equal(layer.data, labels)


def test_alice_sees_the_image_but_no_proposal(live_server: Any, proposal: Proposal) -> None:
    client = connected(live_server, User.objects.get(username="alice"))
    (study,) = client.studies()
    assert not study.may_send
    (cube,) = client.cubes(study.slug)
    assert cube.proposal is None
    assert len(work.open_cube(client, cube)) == 1


def test_charlie_sees_no_private_study(live_server: Any, proposal: Proposal) -> None:
    client = connected(live_server, make_user("charlie"))
    assert client.studies() == []
    with pytest.raises(LamellaError, match="not yours to see"):
        client.cubes(proposal.cube.study.slug)


def test_a_revoked_token_opens_nothing(live_server: Any, dana: User, proposal: Proposal) -> None:
    token, secret = tokens.create(dana, "napari")
    client, _ = work.connect(live_server.url, secret)
    (cube,) = client.cubes(proposal.cube.study.slug)
    tokens.revoke(token)
    with pytest.raises(LamellaError, match="refused the token"):
        work.open_cube(client, cube)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "uint32"])
def test_the_file_that_is_sent_is_read_with_its_ids_dtype_and_voxel_size(
    live_server: Any, dana: User, proposal: Proposal, tmp_path: Path, dtype: str
) -> None:
    client = connected(live_server, dana)
    (cube,) = client.cubes(proposal.cube.study.slug)
    cube = replace(cube, label_dtype=dtype)  # type: ignore[arg-type]
    most = int(np.iinfo(dtype).max)
    ids = np.random.default_rng(5).integers(0, most, SHAPE, dtype, endpoint=True)
    path = tmp_path / "labels.ome.tif"
    write_tiff(path, ids, cube, slices=[2, 3])
    source = open_source(path)
    try:
        assert source.shape == SHAPE
        assert source.dtype == np.dtype(dtype)
        assert source.voxel_size == VoxelSize(50.0, 10.0, 10.0, "nanometer")
        np.testing.assert_array_equal(source.slices(2, 4), ids[2:4])
        assert not source.slices(4, 8).any()
    finally:
        source.close()


def test_an_edited_slice_becomes_gold_labels_of_the_cube(
    live_server: Any, dana: User, proposal: Proposal
) -> None:
    client = connected(live_server, dana)
    (cube,) = client.cubes(proposal.cube.study.slug)
    layer = work.edit_copy(client, cube, cube.proposal)
    layer.data[5, 10:20, 10:20] = 1
    sending = work.Sending(
        cube=cube,
        volume=layer.data,
        origin=work.origin_of(layer),
        role="gold",
        name="by hand",
        choice=SliceChoice.EDITED,
    )

    def read_labels(seconds: float) -> None:
        for job in Job.objects.filter(kind="import_labels", state=JobState.QUEUED):
            run_job(str(job.pk))

    said = work.send(client, sending, pause=read_labels)
    assert said == "Labels of liver-3 (slices 5) are on the server, as gold."
    row = Labels.objects.get(cube_id=int(cube.id))
    assert (row.role, row.name, row.slices, row.dtype) == ("gold", "by hand", [5], "uint8")
    assert row.created_by == dana
    stored = np.asarray(labels_reader_of(row).array()[5])
    np.testing.assert_array_equal(stored, layer.data[5])
