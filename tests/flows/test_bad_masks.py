"""Masks that nobody should hand in: refused in a sentence, or taken without harm."""

from typing import Any

import numpy as np
import pytest
from django.test import Client
from numpy.typing import NDArray

from lamella.annotation.models import Assignment, Correction, Participation
from lamella.annotation.offers import next_assignment
from lamella.consensus.services import recompute
from lamella.rounds.models import Task
from lamella.volumes import codec
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def task() -> Task:
    study = make.make_study(alice=make.make_user("alice"), redundancy=3)
    cube = make.make_cube(study, voxels=np.zeros((2, 64, 64), np.uint8))
    return make.make_task(cube, make.make_round(study, 1))


@pytest.fixture
def lease(task: Task) -> Assignment:
    """Alice's."""
    alice = make.make_volunteer(task.study.memberships.get().user)
    found = next_assignment(task.study, alice)
    assert found is not None
    return found


def sent(lease: Assignment, mask: NDArray[Any], shown: NDArray[Any], **changes: Any) -> Any:
    client = Client()
    user = lease.volunteer.user
    assert user is not None
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client.post(
        f"/api/v1/assignments/{lease.pk}/corrections",
        make.correction_in(mask, shown, **changes),
        content_type="application/json",
    )


def nothing(side: int = 64) -> NDArray[np.uint8]:
    return np.zeros((side, side), np.uint8)


@pytest.mark.parametrize("side", [5, 63, 128])
def test_a_mask_of_another_size_is_refused_and_the_lease_stays(
    task: Task, lease: Assignment, side: int
) -> None:
    answer = sent(
        lease, np.ones((side, side), np.uint8), nothing(side),
        proposal_hash=codec.mask_hash(nothing()),
    )  # fmt: skip
    assert answer.status_code == 422
    assert f"{side}" in answer.json()["detail"]
    assert answer.json()["detail"].endswith(".")
    assert not Correction.objects.exists()
    lease.refresh_from_db()
    assert lease.state == Assignment.State.LEASED


def test_a_value_that_is_no_class_is_named(task: Task, lease: Assignment) -> None:
    answer = sent(lease, np.full((64, 64), 7, np.uint8), nothing())
    assert answer.status_code == 422
    assert "holds the value 7, which is no class" in answer.json()["detail"]


def test_an_empty_mask_is_an_answer_like_any_other(task: Task, lease: Assignment) -> None:
    assert sent(lease, nothing(), nothing()).status_code == 201
    for _ in range(2):
        make.make_correction(task, mask=nothing())
    made = recompute(task.pk)
    assert made is not None
    assert made.action == "retire"
    assert not codec.unpack(bytes(made.mask), dtype=np.uint8).any()


def test_who_marks_everything_does_not_carry_the_others_away(task: Task, lease: Assignment) -> None:
    assert sent(lease, np.ones((64, 64), np.uint8), nothing()).status_code == 201
    assert Participation.objects.get(volunteer=lease.volunteer).floods == 1
    for radius in (11, 12):
        make.make_correction(task, mask=make.disk(task, radius=radius))
    made = recompute(task.pk)
    assert made is not None
    agreed = codec.unpack(bytes(made.mask), dtype=np.uint8)
    true = make.disk(task, radius=12)
    assert 2 * (agreed * true).sum() / (agreed.sum() + true.sum()) > 0.9


def test_a_difference_that_is_no_mask_at_all_is_refused(task: Task, lease: Assignment) -> None:
    for rubbish in ("!!!", "AAAA", ""):
        answer = sent(lease, nothing(), nothing(), difference=rubbish)
        assert answer.status_code == 422, rubbish
        assert answer.json()["detail"]
    assert not Correction.objects.exists()
