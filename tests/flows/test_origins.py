"""Training that starts elsewhere: pretrained without labels, or from another study's version."""

from pathlib import Path
from typing import Any

import pytest
import torch
from django.test import Client

from lamella.accounts.models import User
from lamella.cubes.models import LabelsRole
from lamella.cubes.store import location
from lamella.learning.models import ModelVersion, Proposal, TrainingRun
from lamella.loop.services import advance, after_job
from lamella.loop.training import start_pretraining, start_training
from lamella.studies.models import Study, StudyState
from models.networks.checkpoint import Checkpoint, load_checkpoint
from tests.factories import make_study, make_user
from tests.flows.tiny import QUICK, TRAIN, add_cube, add_labels, blobs, drain

pytestmark = [pytest.mark.django_db(transaction=True)]

PRETRAIN: dict[str, Any] = {"max_steps": 3, "max_seconds": None, "crop": 48, "windows": 2}
SETTINGS = QUICK | {"pretrain": PRETRAIN}
SHORT = SETTINGS | {"train": TRAIN | {"max_steps": 5}}


def study_of(title: str, bob: User, **fields: Any) -> Study:
    usual: dict[str, Any] = {"state": StudyState.DRAFT, "settings": SHORT, "redundancy": 1}
    return make_study(title, bob=bob, **usual | fields)


def checkpoint(version: ModelVersion) -> Checkpoint:
    return load_checkpoint(Path(location(version.checkpoint).url))


def encoder(found: Checkpoint) -> dict[str, torch.Tensor]:
    weights = found.segmenter.state_dict()
    return {name: tensor for name, tensor in weights.items() if name.startswith("down.")}


def test_from_cubes_without_labels_to_proposals_with_the_decoder_alone_trained() -> None:
    image, truth = blobs()
    study = study_of("Liver 3", make_user("bob"))
    cube = add_cube(study, image)
    start_pretraining(study)
    drain()
    origin = study.model_versions.get()
    assert (origin.kind, origin.state) == ("pretrained", "origin")
    assert origin.metrics["steps"] == 3
    assert checkpoint(origin).meta.classes == ()

    add_labels(cube, truth, LabelsRole.TRAINING, [6, 12, 18])
    run = start_training(study, begin=origin, trainable="decoder")
    assert (run.parent, run.origin) == (None, origin)
    drain()
    trained = study.model_versions.get(training_run=run)
    meta = checkpoint(trained).meta
    assert (meta.parent, meta.origin) == (None, origin.checksum)
    before, after = encoder(checkpoint(origin)), encoder(checkpoint(trained))
    assert before
    for name, tensor in before.items():
        torch.testing.assert_close(after[name], tensor, rtol=0, atol=0)

    Study.objects.update(state=StudyState.OPEN)
    after_job(study)
    drain()
    trained.refresh_from_db()
    assert trained.state == ModelVersion.State.SERVING
    assert {p.model_version_id for p in Proposal.objects.all()} == {trained.pk}
    assert study.rounds.get().number == 1
    assert study.training_runs.count() == 2, "the loop took the person's run for its own"


def test_the_loop_trains_once_the_pretraining_that_a_person_started_has_ended() -> None:
    image, truth = blobs()
    study = study_of("Liver 3", make_user("bob"), state=StudyState.OPEN)
    add_labels(add_cube(study, image), truth, LabelsRole.TRAINING, [6, 12, 18])
    start_pretraining(study)
    assert advance(study.pk) == []
    drain()
    assert [(v.kind, v.state) for v in study.model_versions.order_by("number")] == [
        ("pretrained", "origin"),
        ("trained", "serving"),
    ]
    run = study.training_runs.get(kind=TrainingRun.Kind.TRAIN)
    assert (run.parent, run.origin) == (None, None)


def test_a_run_starts_from_another_studys_version_only_for_an_admin_of_both() -> None:
    image, truth = blobs()
    bob, charlie = make_user("bob"), make_user("charlie")
    kidney = study_of("Kidney", bob, classes=((1, "nucleus"), (2, "membrane")))
    liver = study_of("Liver 3", bob)
    liver.memberships.create(user=charlie, role="admin")
    for study in (kidney, liver):
        add_labels(add_cube(study, image), truth, LabelsRole.TRAINING, [6, 12, 18])
    start_training(kidney)
    drain()
    origin = kidney.model_versions.get()

    address = f"/api/v1/studies/{liver.slug}"
    refused = [
        ask(charlie, f"{address}/training-runs", {"start_from": pk}, 404)
        for pk in (origin.pk, origin.pk + 1000)
    ]
    assert refused[0] == refused[1]
    assert ask(charlie, f"{address}/origins") == []
    assert not liver.training_runs.exists()

    (offered,) = ask(bob, f"{address}/origins")
    assert (offered["version"], offered["study"]) == (origin.pk, "kidney")
    body = {"start_from": origin.pk, "taken": "encoder"}
    started = ask(bob, f"{address}/training-runs", body, 202)
    assert started["origin"] == {"version": origin.pk, "number": 1, "study": "kidney"}
    (seen,) = ask(charlie, f"{address}/training-runs")
    assert seen["origin"] == {"version": None, "number": None, "study": None}
    drain()
    meta = checkpoint(liver.model_versions.get()).meta
    assert (meta.classes, meta.origin) == ((1,), origin.checksum)
    assert meta.training["taken"] == "encoder"


def ask(user: User, path: str, body: dict[str, Any] | None = None, status: int = 200) -> Any:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    answer = client.get(path) if body is None else client.post(path, body, "application/json")
    assert answer.status_code == status, answer.content
    return answer.json()
