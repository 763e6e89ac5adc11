"""A tiny study for flows: a cube of blobs, and hands to drive its loop without processes."""

import base64
import uuid
from collections.abc import Callable
from typing import Any

import numpy as np
from django.test import Client
from numpy.typing import NDArray

from lamella.cubes.models import Cube, Labels, LabelsRole, VolumeState
from lamella.cubes.store import location
from lamella.jobs.models import Job, JobState
from lamella.studies.models import Study
from lamella.volumes import codec
from lamella.volumes.geometry import VoxelSize
from lamella.volumes.ingest import CubeMeta, ingest
from lamella.volumes.ingest_labels import ingest_labels
from workers.runner import run_job

# Enough to learn bright blobs, in a second.
TRAIN: dict[str, Any] = {
    "max_steps": 40,
    "max_seconds": None,
    "crop": 48,
    "window": 3,
    "windows": 2,
    "pixels": 0,
}
QUICK: dict[str, Any] = {
    "train": TRAIN,
    "network": {"channels": [8, 16], "critic_channels": [8, 16], "recurrent_channels": 8},
    "predict": {"patch": 16},
    # Few, large tiles, so that a round has a handful of tasks.
    "blind": {"across": 2, "share": 0.6, "early": 1.0},
}


class ArraySource:
    """An array in memory as a source of slices."""

    def __init__(self, array: NDArray[Any], name: str = "blobs.tif") -> None:
        self._array = array
        self.name = name
        self.shape = array.shape
        self.dtype = array.dtype
        self.voxel_size = VoxelSize(2.0, 1.0, 1.0, "nanometer")
        self.identity = {"name": name}

    def slices(self, z0: int, z1: int) -> NDArray[Any]:
        return self._array[z0:z1]


def blobs(
    shape: tuple[int, int, int] = (24, 64, 64), seed: int = 0
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """(image, labels) of bright balls in noise."""
    rng = np.random.default_rng(seed)
    z, y, x = np.indices(shape)
    labels = np.zeros(shape, np.uint8)
    for _ in range(6):
        centre = [rng.uniform(0.15, 0.85) * n for n in shape]
        radius = rng.uniform(5, 10)
        distance = ((2 * (z - centre[0])) ** 2 + (y - centre[1]) ** 2 + (x - centre[2]) ** 2) ** 0.5
        labels[distance < radius] = 1
    image = np.clip(70 + 90 * labels + rng.normal(0, 25, shape), 0, 255).astype(np.uint8)
    return image, labels


def add_cube(study: Study, image: NDArray[Any], name: str = "Blobs") -> Cube:
    """An ingested cube, as the ingest job leaves it."""
    cube = Cube.objects.create(study=study, name=name)
    uri = f"cubes/{cube.pk}/image.zarr"
    result = ingest(ArraySource(image), location(uri), meta=CubeMeta(name=name))
    Cube.objects.filter(pk=cube.pk).update(
        state=VolumeState.READY,
        uri=uri,
        shape=list(result.shape),
        dtype=str(result.dtype),
        voxel_size=[2.0, 1.0, 1.0],
        unit="nanometer",
        low=result.low,
        high=result.high,
        checksum=result.checksum,
    )
    cube.refresh_from_db()
    return cube


def add_labels(
    cube: Cube, labels: NDArray[Any], role: LabelsRole, slices: list[int] | None = None
) -> Labels:
    row = Labels.objects.create(cube=cube, name=str(role), role=role)
    uri = f"labels/{row.pk}.zarr"
    result = ingest_labels(
        ArraySource(labels, "labels.tif"), location(uri), cube_shape=tuple(cube.shape)
    )
    Labels.objects.filter(pk=row.pk).update(
        state=VolumeState.READY, uri=uri, dtype=str(result.dtype), slices=slices, checksum="c" * 64
    )
    row.refresh_from_db()
    return row


def drain(most: int = 200) -> int:
    """Do all queued jobs in this process, until none is left; returns how many."""
    for done in range(most):
        job = Job.objects.filter(state=JobState.QUEUED).order_by("created").first()
        if job is None:
            return done
        outcome = run_job(str(job.pk))
        job.refresh_from_db()
        assert outcome == "done", f"{job.kind}: {outcome}: {job.error}\n{job.traceback}"
    raise AssertionError("the loop never comes to rest")


def correct_next(
    client: Client, slug: str, draw: Callable[[dict[str, Any], NDArray[Any]], NDArray[Any]]
) -> dict[str, Any] | None:
    """Take the next task over HTTP, draw over its proposal, hand it in. None when none is left."""
    answer = client.post(
        f"/api/v1/studies/{slug}/next", {"kind": "round"}, content_type="application/json"
    )
    if answer.status_code == 204:
        return None
    assert answer.status_code == 200, answer.content
    task = answer.json()
    response = client.get(task["proposal"]["url"])
    proposal = codec.unpack(response.content, shape=(task["height"], task["width"]))
    mask = draw(task, proposal).astype(np.uint32)
    if mask.shape != proposal.shape:  # a whole slice, of which the task is a tile
        rows = slice(task["y0"], task["y0"] + task["height"])
        mask = mask[rows, task["x0"] : task["x0"] + task["width"]]
    body = {
        "id": str(uuid.uuid4()),
        "proposal_hash": task["proposal"]["hash"],
        "mask_hash": codec.mask_hash(mask),
        "difference": base64.b64encode(codec.pack(codec.xor(mask, proposal))).decode(),
        "active_seconds": 12.5,
        "strokes": 3,
        "consent_version": task["study"]["consent_version"],
    }
    answer = client.post(
        f"/api/v1/assignments/{task['assignment_id']}/corrections",
        body,
        content_type="application/json",
    )
    assert answer.status_code == 201, answer.content
    return dict(task)
