"""A private study with one of everything, its people, and what they would send."""

import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from django.test import Client
from numpy.typing import NDArray
from pytest_django import Settings

from lamella.accounts import tokens
from lamella.accounts.models import User
from lamella.cubes.models import LabelsRole, Upload
from lamella.cubes.store import location
from lamella.exchange.models import Export
from lamella.jobs.models import JobState
from lamella.learning.models import ModelVersion, TrainingRun
from lamella.notices import invitations
from lamella.notices.announcements import announce
from lamella.notices.digest import leaving_token
from lamella.studies.models import Role
from tests import factories as make
from tests.flows.route_rules import ALICE, BOB, CHARLIE, DANA, NOBODY

TITLE = "Liver 3"


@dataclass
class World:
    """A private study with one of everything that an address can name."""

    people: dict[str, User]
    values: dict[str, str]
    agreed: NDArray[Any]

    def client(self, name: str) -> Client:
        client = Client(raise_request_exception=False)
        if name != NOBODY:
            client.force_login(
                self.people[name], backend="django.contrib.auth.backends.ModelBackend"
            )
        return client

    def correction(self) -> dict[str, Any]:
        empty = np.zeros((64, 64), np.uint8)
        return make.correction_in(self.agreed, empty)

    recall = correction

    def bulk(self) -> dict[str, Any]:
        return {"risk": 0.01, "count": 1}

    def pausing(self) -> dict[str, Any]:
        return {"paused": True, "why": "Read the guide."}

    def invitation(self) -> dict[str, Any]:
        return {"role": "volunteer"}

    def word(self) -> dict[str, Any]:
        return {"text": "New slices on Monday."}

    def seen(self) -> dict[str, Any]:
        return {"until": 0}

    def note(self) -> dict[str, Any]:
        return {"note": "Look at the rim."}

    def fix(self) -> dict[str, Any]:
        sent = make.correction_in(self.agreed, self.agreed)
        return {"mask_hash": sent["mask_hash"], "difference": sent["difference"]}

    def announcement(self) -> dict[str, Any]:
        return {"filename": "stack.tif", "size": 10}

    def source(self) -> dict[str, Any]:
        return {"path": "/somewhere/else.tif", "name": "other", "role": "gold"}

    def new_study(self) -> dict[str, Any]:
        return {"title": "Kidney 2", "question": "Where are the tubules?"}

    def held(self) -> dict[str, Any]:
        return {"kind": "quarantine", "reason": "Looks odd."}

    def state(self) -> dict[str, Any]:
        return {"state": "paused"}

    def settings(self) -> dict[str, Any]:
        return {"redundancy": 2}

    def training(self) -> dict[str, Any]:
        return {"train": {"max_seconds": 30}}

    def newcomer(self) -> dict[str, Any]:
        return {"username": CHARLIE}

    def role(self) -> dict[str, Any]:
        return {"role": "manager"}

    def profile(self) -> dict[str, Any]:
        return {"credit_name": "A helper"}

    def token(self) -> dict[str, Any]:
        return {"name": "napari"}

    def farewell(self) -> dict[str, Any]:
        return {"password": make.PASSWORD}

    def export(self) -> dict[str, Any]:
        return {"format": "tiff"}


def make_world(settings: Settings, tmp_path: Path) -> World:
    """The study, its people and one of everything; uploads go to ``tmp_path``."""
    settings.UPLOAD_DIR = tmp_path
    people = {name: make.make_user(name) for name in (CHARLIE, ALICE, DANA)}
    people[BOB] = make.make_user(BOB, staff=True)
    study = make.make_study(TITLE, alice=people[ALICE], dana=people[DANA])
    make.make_study("Kidney", alice=people[CHARLIE])
    voxels = np.zeros((4, 64, 64), np.uint8)
    voxels[:, 20:40, 20:40] = 1
    cube = make.make_cube(study, "liver", voxels=voxels)
    retired = make.make_version(study, 1, state=ModelVersion.State.RETIRED)
    serving = make.make_version(study, 2, state=ModelVersion.State.SERVING)
    candidate = make.make_version(study, 3)
    proposal = make.make_proposal(cube, retired, labels=voxels)
    for version in (serving, candidate):  # whichever of them serves in the end
        make.make_proposal(cube, version, labels=voxels)
    opened = make.make_round(study, 1)
    volunteer = make.make_volunteer(people[ALICE])
    task = make.make_task(cube, opened, z=0)
    assignment = make.make_assignment(task, volunteer)
    judged = make.make_task(cube, opened, z=1)
    correction = make.make_correction(judged, volunteer)
    consensus = make.make_consensus(judged, corrections=[correction])
    other = make.make_task(cube, opened, z=2)
    other_mask = make.make_correction(other)
    verdict = make.make_verdict(make.make_consensus(other, corrections=[other_mask]), people[DANA])
    make.make_task(cube, opened, z=3)
    gold = make.make_labels(cube, LabelsRole.GOLD, uri=f"labels/{uuid.uuid4().hex}.zarr")
    make.write_voxels(gold.uri, voxels, "label")
    export = Export.objects.create(
        cube=cube,
        format=Export.Format.TIFF,
        state=Export.State.READY,
        uri="exports/routes/labels.tif",
        provenance_uri="exports/routes/provenance.json",
    )
    for uri in (export.uri, export.provenance_uri):
        location(uri).write(b"{}")
    upload = Upload.objects.create(study=study, user=people[DANA], filename="a.tif", size=4)
    (tmp_path / str(upload.pk)).mkdir()
    (tmp_path / str(upload.pk) / "a.tif").touch()
    run = make.make_run(
        study,
        state=TrainingRun.State.RUNNING,
        samples=[
            {"step": 0, "number": 0, "cube": cube.pk, "z": 0, "uri": "training/a.jpg", "dice": 0.5}
        ],
    )
    location("training/a.jpg").write(b"a picture")
    job = make.make_job(study, state=JobState.FAILED)
    token, _ = tokens.create(people[ALICE], "napari")
    invitation, secret = invitations.invite(study, Role.VOLUNTEER, by=people[DANA])
    announced = announce(study, "Welcome.", people[DANA])
    return World(
        people,
        {
            "slug": study.slug,
            "cube_id": str(cube.pk),
            "assignment_id": str(assignment.pk),
            "correction_id": str(correction.pk),
            "task_id": str(task.pk),
            "other_task": str(other.pk),
            "consensus_id": str(consensus.pk),
            "verdict_id": str(verdict.pk),
            "batch": str(uuid.uuid4()),
            "labels_id": str(gold.pk),
            "proposal_id": str(proposal.pk),
            "export_id": str(export.pk),
            "upload_id": str(upload.pk),
            "run": str(run.pk),
            "version": str(candidate.pk),
            "retired": str(retired.pk),
            "job": str(job.pk),
            "token": str(token.pk),
            "secret": secret,
            "invitation": str(invitation.pk),
            "announced": str(announced.pk),
            "leaving": leaving_token(people[ALICE]),
            "volunteer": str(volunteer.pk),
            "membership": str(study.memberships.get(user=people[ALICE]).pk),
            "volunteer_id": str(volunteer.pk),
            "name": "consensus",
            "axis": "z",
            "path": "zarr.json",
            "labels_path": "labels/zarr.json",
            "key": "x",
            "uidb36": "1",
            **dict.fromkeys(("level", "z", "row", "column", "index"), "0"),
        },
        make.disk(judged),
    )
