"""The cast and a study with something of everything, without voxels."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from django.test import Client
from django.utils import timezone

from lamella.accounts.models import User
from lamella.consensus.models import Consensus
from lamella.cubes.models import Cube
from lamella.jobs.models import JobState
from lamella.learning.models import ModelVersion, TrainingRun
from lamella.rounds.models import Round
from lamella.studies.models import Study
from tests import factories as make


@dataclass
class World:
    alice: User
    dana: User
    bob: User
    charlie: User
    study: Study
    cube: Cube
    consensus: list[Consensus]
    retired: ModelVersion
    serving: ModelVersion
    candidate: ModelVersion
    run: TrainingRun


@pytest.fixture
def world(db: None) -> World:
    """A private study with two rounds; two tasks wait for review, one of them contested."""
    alice, dana, bob, charlie = (
        make.make_user(name) for name in ("alice", "dana", "bob", "charlie")
    )
    study = make.make_study(alice=alice, dana=dana, bob=bob)
    cube = make.make_cube(study, "block 1")
    first = make.make_run(study)
    retired = make.make_version(
        study, 1, state=ModelVersion.State.RETIRED, training_run=first, gate={"promote": True}
    )
    serving = make.make_version(
        study,
        2,
        state=ModelVersion.State.SERVING,
        training_run=make.make_run(study, parent=retired),
        gate={"promote": True, "reason": "better", "difference": 0.02, "low": 0.0, "high": 0.04},
    )
    candidate = make.make_version(study, 3)
    proposal = make.make_proposal(cube, serving)
    closed = make.make_round(study, 0, state=Round.State.CLOSED)
    record = {"expected_voxels": {str(cube.pk): [0.0, 0.0, 0.0, 0.0, 300.0]}}
    opened = make.make_round(study, 1, strategy="discriminator", selection=record)
    consensus = []
    for z, agreement, round_ in ((2, 0.95, closed), (6, 0.6, opened)):
        task = make.make_task(cube, round_, z=z, proposal=proposal, score=0.1)
        correction = make.make_correction(task, make.make_volunteer(alice))
        consensus.append(make.make_consensus(task, corrections=[correction], agreement=agreement))
    make.make_task(cube, opened, z=9, proposal=proposal)
    make.make_certificate(cube, closed, proposal)
    run = make.make_run(study, state=TrainingRun.State.RUNNING, finished=None)
    run.job = make.make_job(study, progress=0.4, message="step 120")
    run.save()
    make.make_job(
        study,
        state=JobState.FAILED,
        error="The disk is full.",
        traceback="Traceback",
        finished=timezone.now(),
    )
    return World(
        alice, dana, bob, charlie, study, cube, consensus, retired, serving, candidate, run
    )


@pytest.fixture
def as_() -> Callable[[User | None], Client]:
    """A browser, signed in as somebody or as nobody."""

    def client_of(user: User | None) -> Client:
        client = Client()
        if user is not None:
            client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return client_of
