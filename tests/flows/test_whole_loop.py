"""The whole loop on a tiny cube: train, propose, select, correct, agree, retrain, certify."""

from typing import Any

import numpy as np
import pytest
from django.test import Client
from numpy.typing import NDArray

from lamella.consensus.final import FinalMask
from lamella.consensus.models import Consensus
from lamella.cubes.models import Cube, LabelsRole
from lamella.learning.models import ModelVersion, Proposal, TrainingRun
from lamella.learning.proposals import known_to, prediction, prediction_with
from lamella.loop.services import after_job
from lamella.rounds.masks import region_of
from lamella.rounds.models import Certificate, Round, Task
from lamella.studies.models import Study, StudyState
from models.quality.metrics import dice
from tests.factories import make_study, make_user
from tests.flows.tiny import QUICK, add_cube, add_labels, blobs, correct_next, drain

pytestmark = [pytest.mark.django_db(transaction=True)]


@pytest.fixture
def study() -> Study:
    return make_study(
        alice=make_user("alice"),
        dana=make_user("dana"),
        redundancy=1,
        round_share=0.1,
        audit_share=0.09,
        max_rounds=2,
        target_dice=1.0,
        settings=QUICK,
    )


def drawn_from(truth: NDArray[Any], task: dict[str, Any]) -> NDArray[Any]:
    y0, x0 = task["y0"], task["x0"]
    mask: NDArray[Any] = truth[task["z"], y0 : y0 + task["height"], x0 : x0 + task["width"]]
    return mask


def final(cube: Cube) -> NDArray[Any]:
    return FinalMask(cube).slices(0, cube.depth)


def test_from_seed_slices_to_a_better_mask_over_two_rounds(study: Study, client: Client) -> None:
    image, truth = blobs()
    cube = add_cube(study, image)
    add_labels(cube, truth, LabelsRole.TRAINING, [6, 12, 18])
    client.force_login(study.memberships.get(role="volunteer").user)
    after_job(study)
    drain()

    first = study.rounds.get()
    assert first.number == 1
    assert first.tasks.filter(kind=Task.Kind.AUDIT, blind=False).count() == 1
    assert first.tasks.filter(kind=Task.Kind.WORK).count() == 2
    shown = first.tasks.filter(blind=False).values_list("z", flat=True)
    assert set(shown).isdisjoint({6, 12, 18})
    assert all(task.proposal is None for task in first.tasks.filter(blind=True))
    before = dice(final(cube), truth)
    assert before > 0.6

    def perfect(task: dict[str, Any], proposal: NDArray[Any]) -> NDArray[Any]:
        return drawn_from(truth, task)

    for _ in range(2):
        while correct_next(client, study.slug, perfect):
            pass
        drain()

    study.refresh_from_db()
    assert study.state == StudyState.FINISHED
    assert [r.state for r in study.rounds.all()] == [Round.State.CLOSED] * 2
    assert TrainingRun.objects.filter(study=study).count() == 3
    assert study.model_versions.filter(state=ModelVersion.State.SERVING).count() == 1
    assert all(v.gate["reason"] for v in study.model_versions.all())
    # What judged the second version was asked of the first one too, with what was known by then.
    first_version, second = study.model_versions.order_by("number")[:2]
    judged = first.tasks.get(kind=Task.Kind.AUDIT, blind=False).z
    later = prediction(second.pk, cube.pk)
    assert later is not None
    asked = prediction_with(first_version.pk, cube.pk, known_to(later), judged)
    earlier = prediction(first_version.pk, cube.pk)
    assert asked is not None
    assert earlier is not None
    assert known_to(asked) == known_to(later) != known_to(earlier)
    assert prediction_with(first_version.pk, cube.pk, "something else", judged) is None
    certificate = Certificate.objects.filter(cube=cube).first()
    assert certificate is not None
    assert certificate.blind == certificate.tasks == study.tasks.filter(blind=True).count() > 0
    assert certificate.audited > 0
    assert certificate.low is not None
    assert certificate.high is not None
    assert certificate.low <= (certificate.dice or 0) <= certificate.high
    after = final(cube)
    assert dice(after, truth) > before
    for z in set(study.tasks.filter(blind=False).values_list("z", flat=True)) | {6, 12, 18}:
        np.testing.assert_array_equal(after[z], truth[z])
    for task in study.tasks.filter(blind=True):
        region = region_of(task)
        tile = (task.z, region.rows, region.columns)
        np.testing.assert_array_equal(after[tile], truth[tile])
    learned = [s for run in TrainingRun.objects.all() for s in run.snapshot["sources"]]
    held = set(Consensus.objects.filter(task__blind=True).values_list("pk", flat=True))
    assert held.isdisjoint(s["id"] for s in learned if s["kind"] == "consensus")


def test_a_study_without_labels_asks_people_first(study: Study, client: Client) -> None:
    image, truth = blobs()
    cube = add_cube(study, image)
    client.force_login(study.memberships.get(role="volunteer").user)
    after_job(study)
    drain()
    opened = study.rounds.get()
    assert (opened.number, opened.strategy) == (0, "spread")
    assert not opened.tasks.filter(proposal__isnull=False).exists()
    while correct_next(client, study.slug, lambda task, proposal: drawn_from(truth, task)):
        pass
    drain()
    assert Proposal.objects.filter(cube=cube, state=Proposal.State.READY).exists()
    assert study.rounds.get(state=Round.State.OPEN).number == 1


def test_another_tools_masks_are_proposals_without_training(study: Study) -> None:
    image, truth = blobs()
    cube = add_cube(study, image)
    add_labels(cube, truth, LabelsRole.EXTERNAL)
    after_job(study)
    drain()
    assert not TrainingRun.objects.exists()
    opened = study.rounds.get()
    assert all(task.proposal is not None for task in opened.tasks.filter(blind=False))
    np.testing.assert_array_equal(final(cube), truth)
