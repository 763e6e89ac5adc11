"""The cube explorer over HTTP: planes of the mask, patches, and the list of objects."""

import cv2
import numpy as np
import pytest
from django.test import Client

from lamella.accounts.models import User
from lamella.consensus.final import FinalMask
from lamella.exchange.models import Catalogue
from lamella.jobs.models import Job
from lamella.learning.models import ModelVersion
from tests import factories as make
from workers.runner import run_job

pytestmark = pytest.mark.django_db


class Desk:
    """Dana's study with a proposal of two blocks, one of them doubted, and an agreed slice."""

    def __init__(self) -> None:
        self.dana = make.make_user("dana")
        self.alice = make.make_user("alice")
        self.study = make.make_study(alice=self.alice, dana=self.dana)
        voxels = np.zeros((8, 64, 96), np.uint8)
        self.cube = make.make_cube(self.study, "block", voxels=voxels)
        self.labels = np.zeros_like(voxels)
        self.labels[1:5, 8:24, 8:24] = 1
        self.labels[5:7, 40:48, 60:70] = 1
        version = make.make_version(self.study, 1, state=ModelVersion.State.SERVING)
        proposal = make.make_proposal(self.cube, version, labels=self.labels)
        probability = np.full((1, *voxels.shape), 0.9)
        probability[0, 5:7] = 0.2
        make.make_probability(proposal, probability)
        scores = np.zeros((8, 2, 3))
        scores[5, 1, 2] = 0.7
        make.make_scores(proposal, {"entropy": scores, "discriminator": scores / 2})
        self.path = f"/api/v1/cubes/{self.cube.pk}"

    def client(self, user: User | None = None) -> Client:
        client = Client()
        client.force_login(user or self.dana, backend="django.contrib.auth.backends.ModelBackend")
        return client

    def agree(self, z: int) -> None:
        task = make.make_task(self.cube, make.make_round(self.study), z)
        mask = make.disk(task, radius=6)
        made = [make.make_correction(task, mask=mask) for _ in range(2)]
        make.make_consensus(task, corrections=made, mask=mask)


@pytest.fixture
def desk() -> Desk:
    return Desk()


def opaque(answer: bytes) -> np.ndarray:
    picture = cv2.imdecode(np.frombuffer(answer, np.uint8), cv2.IMREAD_UNCHANGED)
    assert picture is not None
    return np.asarray(picture[..., 3] > 0)


def test_a_slice_of_the_mask_is_what_people_agreed_on_else_what_was_proposed(desk: Desk) -> None:
    before = desk.client().get(f"{desk.path}/mask/z/2.png")
    assert np.array_equal(opaque(before.content), desk.labels[2] > 0)
    desk.agree(2)
    after = desk.client().get(f"{desk.path}/mask/z/2.png")
    assert np.array_equal(opaque(after.content), FinalMask(desk.cube).slice(2) > 0)
    assert after["ETag"] != before["ETag"]
    again = desk.client().get(f"{desk.path}/mask/z/2.png", headers={"If-None-Match": after["ETag"]})
    assert again.status_code == 304


def test_side_views_have_the_shape_of_the_image(desk: Desk) -> None:
    mask = desk.client().get(f"{desk.path}/mask/y/10.png?max=96")
    image = desk.client().get(f"{desk.path}/plane/y/10.jpg?max=96")
    seen = cv2.imdecode(np.frombuffer(image.content, np.uint8), cv2.IMREAD_UNCHANGED)
    assert seen is not None
    assert opaque(mask.content).shape == seen.shape[:2]
    assert opaque(mask.content).any()
    assert desk.client().get(f"{desk.path}/mask/y/999.png").status_code == 404


def test_patches_come_from_the_discriminator_unless_another_map_is_asked_for(desk: Desk) -> None:
    found = desk.client().get(f"{desk.path}/patches/5").json()
    assert (found["name"], found["names"]) == ("discriminator", ["discriminator", "entropy"])
    assert (found["rows"], found["columns"], found["side"]) == (2, 3, 32)
    assert found["values"] == [0, 0, 0, 0, 0, 0.35]
    other = desk.client().get(f"{desk.path}/patches/5?name=entropy").json()
    assert other["top"] == pytest.approx(0.7)
    assert desk.client().get(f"{desk.path}/patches/5?name=none").status_code == 404
    assert desk.client().get(f"{desk.path}/patches/50").status_code == 404


def test_the_objects_are_listed_by_a_job_and_paged_in_either_order(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = desk.client()
    assert client.get(f"{desk.path}/objects").json()["made"] is None
    asked = client.post(f"{desk.path}/objects", content_type="application/json")
    assert asked.status_code == 202
    assert run_job(asked.json()["job_id"]) == "done"
    listed = client.get(f"{desk.path}/objects").json()
    assert [o["volume"] for o in listed["items"]] == [4 * 16 * 16, 2 * 8 * 10]
    assert [round(o["doubt"], 1) for o in listed["items"]] == [0.1, 0.8]
    assert listed["items"][0]["box"] == [1, 8, 8, 5, 24, 24]
    assert not listed["stale"]
    monkeypatch.setattr("lamella.exchange.catalogues.LENGTH", 1)
    first = client.get(f"{desk.path}/objects?sort=doubt").json()
    second = client.get(f"{desk.path}/objects?sort=doubt&after={first['after']}").json()
    assert [p["items"][0]["number"] for p in (first, second)] == [2, 1]
    assert second["after"] == ""


def test_a_list_is_stale_once_the_mask_has_changed_and_is_made_anew(desk: Desk) -> None:
    client = desk.client()
    job = client.post(f"{desk.path}/objects", content_type="application/json").json()["job_id"]
    run_job(job)
    desk.agree(2)
    assert client.get(f"{desk.path}/objects").json()["stale"]
    job = client.post(f"{desk.path}/objects", content_type="application/json").json()["job_id"]
    run_job(job)
    again = client.get(f"{desk.path}/objects").json()
    assert not again["stale"]
    assert Catalogue.objects.count() == 1
    assert Job.objects.filter(kind="catalogue").count() == 2


def test_votes_say_how_sure_people_were(desk: Desk) -> None:
    task = make.make_task(desk.cube, make.make_round(desk.study), 5)
    mask = np.zeros((64, 96), np.uint8)
    mask[40:48, 60:70] = 1
    votes = np.where(mask, 0.6, 0.0).astype(np.float32)
    made = [make.make_correction(task, mask=mask) for _ in range(2)]
    make.make_consensus(task, corrections=made, mask=mask, votes=votes)
    client = desk.client()
    run_job(client.post(f"{desk.path}/objects", content_type="application/json").json()["job_id"])
    smallest = client.get(f"{desk.path}/objects").json()["items"][-1]
    # Half of its voxels at .6 by votes, half at .2 by the model.
    assert smallest["doubt"] == pytest.approx(0.6, abs=0.01)


def test_volunteers_are_shown_no_mask(desk: Desk) -> None:
    for path in ("mask/z/2.png", "patches/2", "objects"):
        assert desk.client(desk.alice).get(f"{desk.path}/{path}").status_code == 403
