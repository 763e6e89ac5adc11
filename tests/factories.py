"""Rows for tests: plain functions, each with defaults that make a sensible whole.

The cast: Alice is a volunteer, Dana a manager, Bob an admin, Charlie an outsider.
"""

import base64
import hashlib
import itertools
import uuid
from datetime import timedelta
from typing import Any

import numpy as np
from django.utils import timezone
from numpy.typing import NDArray

from lamella.accounts.models import User, Volunteer
from lamella.annotation.models import Assignment, Correction
from lamella.annotation.participation import note
from lamella.consensus.compute import pack_probability
from lamella.consensus.models import Consensus, Verdict
from lamella.consensus.standing import bits_of, standing_of
from lamella.cubes.models import Cube, Labels, LabelsRole, VolumeState
from lamella.cubes.store import location
from lamella.jobs.models import Job, JobState
from lamella.learning.models import ModelVersion, Proposal, TrainingRun
from lamella.rounds.models import Certificate, Round, Task
from lamella.studies.models import LabelClass, Membership, Role, Study, StudyState
from lamella.volumes import codec
from lamella.volumes.geometry import VoxelSize
from lamella.volumes.omezarr_meta import CubeFacts, Kind
from lamella.volumes.omezarr_write import write_image
from lamella.volumes.slabs import create_array

PASSWORD = "lamella-test-password"

_count = itertools.count(1)

Mask = NDArray[Any]


def make_user(username: str = "alice", *, staff: bool = False, **fields: Any) -> User:
    """An account with the password PASSWORD."""
    user = User(username=username, is_staff=staff, is_superuser=staff, **fields)
    user.set_password(PASSWORD)
    user.save()
    return user


def make_study(
    title: str = "Liver 3",
    *,
    alice: User | None = None,
    dana: User | None = None,
    bob: User | None = None,
    classes: tuple[tuple[int, str], ...] = ((1, "lipid droplet"),),
    **fields: Any,
) -> Study:
    """An open, private study; the people given become volunteer, manager and admin of it."""
    fields.setdefault("slug", title.lower().replace(" ", "-"))
    fields.setdefault("question", "Where are the lipid droplets?")
    fields.setdefault("guide", "Mark every *droplet* up to its outer rim.")
    fields.setdefault("state", StudyState.OPEN)
    study = Study.objects.create(title=title, **fields)
    colours = ("#E69F00", "#56B4E9", "#009E73", "#F0E442")
    for index, (value, name) in enumerate(classes):
        LabelClass.objects.create(
            study=study, value=value, name=name, color=colours[index % len(colours)]
        )
    for user, role in ((alice, Role.VOLUNTEER), (dana, Role.MANAGER), (bob, Role.ADMIN)):
        if user is not None:
            Membership.objects.create(study=study, user=user, role=role)
    return study


def make_volunteer(user: User | None = None, **fields: Any) -> Volunteer:
    """The pseudonym of an account, or an anonymous one."""
    if user is not None:
        return Volunteer.objects.get_or_create(user=user, defaults=fields)[0]
    fields.setdefault("session_hash", hashlib.sha256(str(next(_count)).encode()).hexdigest())
    return Volunteer.objects.create(**fields)


def make_cube(
    study: Study,
    name: str = "",
    *,
    shape: tuple[int, int, int] = (16, 64, 64),
    voxels: NDArray[Any] | None = None,
    **fields: Any,
) -> Cube:
    """A cube that is ready; with ``voxels`` (Z, Y, X) also an OME-Zarr in the store."""
    if voxels is not None:
        shape = (voxels.shape[0], voxels.shape[1], voxels.shape[2])
        fields.setdefault("uri", f"cubes/{uuid.uuid4().hex}/image.zarr")
        fields.setdefault("low", float(np.percentile(voxels, 0.5)))
        fields.setdefault("high", float(np.percentile(voxels, 99.5)))
        write_voxels(fields["uri"], voxels)
    defaults: dict[str, Any] = {
        "state": VolumeState.READY,
        "shape": list(shape),
        "dtype": "uint8" if voxels is None else str(voxels.dtype),
        "voxel_size": [50.0, 10.0, 10.0],
        "unit": "nanometer",
        "checksum": hashlib.sha256(f"{study.slug} {name}".encode()).hexdigest(),
        "licence": "CC0",
    }
    return Cube.objects.create(
        study=study, name=name or f"cube {next(_count)}", **{**defaults, **fields}
    )


def write_voxels(uri: str, voxels: NDArray[Any], kind: Kind = "image") -> None:
    """(Z, Y, X) voxels as an OME-Zarr in the store that the settings name."""
    write_image(
        location(uri),
        lambda z0, z1: voxels[z0:z1],
        shape=(voxels.shape[0], voxels.shape[1], voxels.shape[2]),
        dtype=voxels.dtype,
        kind=kind,
        voxel_size=VoxelSize(50.0, 10.0, 10.0, "nanometer"),
        facts=CubeFacts(kind, hashlib.sha256(voxels.tobytes()).hexdigest()),
        name="test",
    )


def make_labels(cube: Cube, role: LabelsRole = LabelsRole.GOLD, **fields: Any) -> Labels:
    fields.setdefault("name", f"labels {next(_count)}")
    fields.setdefault("state", VolumeState.READY)
    fields.setdefault("dtype", cube.study.label_dtype)
    return Labels.objects.create(cube=cube, role=role, **fields)


def make_job(study: Study | None = None, kind: str = "train", **fields: Any) -> Job:
    fields.setdefault("queue", "light")
    fields.setdefault("title", f"{kind} {next(_count)}")
    fields.setdefault("state", JobState.RUNNING)
    return Job.objects.create(kind=kind, scope=study.slug if study else "", **fields)


def make_run(study: Study, **fields: Any) -> TrainingRun:
    """A training run that is done, with a short curve."""
    defaults: dict[str, Any] = {
        "state": TrainingRun.State.DONE,
        "config": {"max_seconds": 60.0},
        "snapshot": {"consensus": [], "labels": [], "slices": 4},
        "data_hash": "d" * 64,
        "code_version": "0.1.0",
        "curves": [
            {
                "step": step,
                "seconds": step / 5,
                "cross_entropy": round(0.6 / (1 + step / 25), 4),
                "dice": round(0.9 / (1 + step / 40), 4),
                **({"adversarial": round(0.9 - step / 900, 4)} if step >= 90 else {}),
                "validation_dice": round(1 - 0.6 / (1 + step // 50), 4) if step >= 50 else None,
                "real_score": round(0.5 + step / 1200, 4),
                "fake_score": round(0.5 - step / 1500, 4),
                "saturated": False,
            }
            for step in range(0, 301, 10)
        ],
        "started": timezone.now() - timedelta(minutes=3),
        "finished": timezone.now() - timedelta(minutes=1),
    }
    return TrainingRun.objects.create(study=study, **{**defaults, **fields})


def make_version(study: Study, number: int = 1, **fields: Any) -> ModelVersion:
    fields.setdefault("kind", ModelVersion.Kind.TRAINED)
    return ModelVersion.objects.create(study=study, number=number, **fields)


def make_proposal(
    cube: Cube,
    version: ModelVersion | None = None,
    *,
    labels: NDArray[Any] | None = None,
    **fields: Any,
) -> Proposal:
    """A proposal that is ready; with ``labels`` (Z, Y, X) also its label image in the store."""
    if version is None:
        number = cube.study.model_versions.count() + 1
        version = make_version(cube.study, number)
    fields.setdefault("state", Proposal.State.READY)
    if labels is not None:
        fields.setdefault("uri", f"proposals/{uuid.uuid4().hex}")
        fields.setdefault("label_dtype", str(labels.dtype))
        write_voxels(f"{fields['uri']}/labels", labels, "label")
    return Proposal.objects.create(cube=cube, model_version=version, **fields)


def make_scores(proposal: Proposal, scores: dict[str, NDArray[Any]], side: int = 32) -> None:
    """Patch score maps (Z, PY, PX) of a proposal that has a label image."""
    for name, values in scores.items():
        target = create_array(
            location(proposal.uri),
            f"scores/{name}",
            shape=values.shape,
            dtype=np.float32,
            attrs={"patch": side},
        )
        target.array[:] = values.astype(np.float32)
    proposal.blend = {**proposal.blend, "scores": sorted(scores)}
    proposal.save()


def make_probability(proposal: Proposal, probability: NDArray[Any]) -> None:
    """(K, Z, Y, X) probabilities in 0..1 of a proposal that has a label image."""
    target = create_array(
        location(proposal.uri), "probability", shape=probability.shape, dtype=np.uint8
    )
    target.array[:] = np.round(probability * 255).astype(np.uint8)


def make_round(study: Study, number: int = 0, **fields: Any) -> Round:
    fields.setdefault("strategy", "uniform")
    fields.setdefault("seed", 1)
    return Round.objects.create(study=study, number=number, **fields)


def make_task(cube: Cube, round: Round | None = None, z: int = 0, **fields: Any) -> Task:
    """A task over a whole slice."""
    defaults: dict[str, Any] = {
        "height": cube.shape[1],
        "width": cube.shape[2],
        "redundancy": cube.study.redundancy,
        "reason": "the next best, so that nobody waits",
    }
    return Task.objects.create(
        study=cube.study, round=round, cube=cube, z=z, **{**defaults, **fields}
    )


def make_assignment(task: Task, volunteer: Volunteer | None = None, **fields: Any) -> Assignment:
    fields.setdefault("lease_until", timezone.now() + timedelta(minutes=30))
    return Assignment.objects.create(task=task, volunteer=volunteer or make_volunteer(), **fields)


def disk(task: Task, *, radius: int = 12, dy: int = 0, dx: int = 0, value: int = 1) -> Mask:
    """An (H, W) uint8 mask of the task with one disk near its middle."""
    y, x = np.ogrid[: task.height, : task.width]
    inside = (y - task.height // 2 - dy) ** 2 + (x - task.width // 2 - dx) ** 2 <= radius**2
    return np.where(inside, value, 0).astype(np.uint8)


def make_correction(
    task: Task,
    volunteer: Volunteer | None = None,
    *,
    mask: Mask | None = None,
    proposal: Mask | None = None,
    **fields: Any,
) -> Correction:
    """A submitted correction; without masks, a disk against an empty proposal."""
    volunteer = volunteer or make_volunteer()
    assignment = make_assignment(task, volunteer, state=Assignment.State.SUBMITTED)
    mask = disk(task) if mask is None else mask
    proposal = np.zeros_like(mask) if proposal is None else proposal
    defaults: dict[str, Any] = {
        "mask": codec.pack(mask),
        "mask_hash": codec.mask_hash(mask),
        "difference": codec.pack(codec.xor(mask, proposal)),
        "proposal_hash": codec.mask_hash(proposal),
        "changed_voxels": int((mask != proposal).sum()),
        "active_seconds": 42.0,
        "strokes": 7,
        "consent_version": task.study.consent_version,
    }
    made = {**defaults, **fields}
    note(
        task.study_id,
        volunteer.pk,
        seconds=made["active_seconds"],
        practice=assignment.practice,
        unedited=made["changed_voxels"] == 0,
    )
    return Correction.objects.create(assignment=assignment, task=task, volunteer=volunteer, **made)


def correction_in(mask: Mask, proposal: Mask, **fields: Any) -> dict[str, Any]:
    """The body that a browser would send for this mask."""
    defaults: dict[str, Any] = {
        "id": str(uuid.uuid4()),
        "proposal_hash": codec.mask_hash(proposal),
        "mask_hash": codec.mask_hash(mask),
        "difference": base64.b64encode(codec.pack(codec.xor(mask, proposal))).decode(),
        "active_seconds": 12.5,
        "strokes": 3,
        "flag": "",
        "comment": "",
        "consent_version": "1",
    }
    return {**defaults, **fields}


def make_consensus(
    task: Task,
    *,
    corrections: list[Correction] | None = None,
    mask: Mask | None = None,
    votes: NDArray[np.floating[Any]] | None = None,
    **fields: Any,
) -> Consensus:
    """What the given corrections agree on; the task is retired with it unless told otherwise.

    ``votes``: (H, W) share of votes for the object, 0 to 1.
    """
    mask = disk(task) if mask is None else mask
    votes = (mask > 0).astype(np.float32) if votes is None else votes
    defaults: dict[str, Any] = {
        "aggregator": "majority",
        "corrections": [str(c.id) for c in corrections or []],
        "mask": codec.pack(mask),
        "mask_hash": codec.mask_hash(mask),
        "probability": pack_probability(np.where(mask > 0, votes, 1 - votes).astype(np.float32)),
        "agreement": 0.94,
        "changed_share": float((mask > 0).mean()),
        "action": "retire",
        "reason": "3 people corrected it, as many as the study asks for.",
    }
    consensus = Consensus.objects.create(task=task, **{**defaults, **fields})
    if consensus.action == "retire" and consensus.current:
        standing = standing_of(
            agreement=consensus.agreement,
            expected_error=consensus.expected_error,
            masks=len(consensus.corrections),
            score=task.score,
            holds=bits_of(task.study, [mask]),
        )
        Task.objects.filter(pk=task.pk).update(
            state=Task.State.RETIRED,
            retired=timezone.now(),
            retire_reason=consensus.reason,
            **standing,
        )
        task.refresh_from_db()
    return consensus


def make_verdict(consensus: Consensus, manager: User, **fields: Any) -> Verdict:
    fields.setdefault("kind", Verdict.Kind.ACCEPT)
    fields.setdefault("study", consensus.task.study)
    return Verdict.objects.create(consensus=consensus, manager=manager, **fields)


def make_certificate(
    cube: Cube, round: Round, proposal: Proposal | None = None, **fields: Any
) -> Certificate:
    defaults: dict[str, Any] = {
        "method": "stratified ratio",
        "dice": 0.942,
        "low": 0.931,
        "high": 0.952,
        "tasks": 14,
    }
    return Certificate.objects.create(
        cube=cube,
        round=round,
        proposal=proposal or make_proposal(cube),
        **{**defaults, **fields},
    )
