"""What people say of a slice finds its manager."""

from typing import Any

import numpy as np
import pytest
from django.test import Client
from django.utils import timezone

from lamella.annotation.models import Correction
from lamella.consensus.selectors import bulk, remarked, review_counts, waiting_for_review
from lamella.rounds.models import Task
from lamella.studies.models import Study
from tests import factories as make

pytestmark = pytest.mark.django_db

MASK = np.zeros((16, 16), np.uint8)


@pytest.fixture
def study() -> Study:
    return make.make_study("Liver", dana=make.make_user("dana"))


def agreed(study: Study, z: int, **said: Any) -> int:
    """The consensus of a finished task with one correction of which somebody `said` something."""
    cube = study.cubes.first() or make.make_cube(study, "block", shape=(8, 16, 16))
    task = make.make_task(cube, None, z=z, state=Task.State.RETIRED)
    correction = make.make_correction(task, mask=MASK, proposal=MASK, **said)
    return make.make_consensus(task, corrections=[correction], mask=MASK, agreement=0.99).pk


def test_flags_and_comments_are_counted_and_found(study: Study, client: Client) -> None:
    silent = agreed(study, 0)
    hard = agreed(study, 1, flag="hard")
    words = agreed(study, 2, comment="The image is torn here.")
    assert review_counts(study)["remarked"] == 2
    client.force_login(study.memberships.get().user)
    address = f"/api/v1/studies/{study.slug}/review"
    found = client.get(address, {"only": "remarked"}).json()
    assert {item["id"] for item in found["items"]} == {hard, words}
    assert (found["total"], found["remarked"]) == (2, 2)
    everything = client.get(address).json()["items"]
    assert {item["id"]: item["remarked"] for item in everything} == {
        silent: False, hard: True, words: True,
    }  # fmt: skip
    assert "only=remarked" in client.get(f"/studies/{study.slug}/").content.decode()


def test_a_bulk_accept_leaves_out_what_nobody_has_read(study: Study) -> None:
    silent = agreed(study, 0)
    agreed(study, 1, comment="The image is torn here.")
    assert [consensus.pk for consensus in bulk(study, 0.9)] == [silent]


def test_words_that_were_withdrawn_are_not_followed(study: Study) -> None:
    agreed(study, 0, flag="hard")
    Correction.objects.update(withdrawn=timezone.now())
    assert not waiting_for_review(study).filter(remarked()).exists()
