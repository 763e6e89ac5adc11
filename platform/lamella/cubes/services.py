"""What changes cubes and their labels. Reading them is work for a job; here it is asked for."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from django.db import transaction

from lamella.accounts.models import User
from lamella.cubes.models import Cube, Labels, LabelsRole, Upload, VolumeState
from lamella.cubes.store import location
from lamella.jobs.models import Job, JobState
from lamella.jobs.services import enqueue
from lamella.studies.models import Study

PENDING = (VolumeState.WAITING, VolumeState.INGESTING)


class CubeError(Exception):
    """A cube or labels cannot be added or removed; the text says why in one sentence."""


def image_uri(cube_id: int) -> str:
    """Where a managed cube is written, relative to the store."""
    return f"cubes/{cube_id}/image.zarr"


def labels_uri(labels_id: int) -> str:
    return f"labels/{labels_id}.zarr"


@transaction.atomic
def add_cube(
    study: Study,
    *,
    name: str,
    path: Path | str,
    by: User | None = None,
    dataset: str | None = None,
    axes: str | None = None,
    channel: int | None = None,
    voxel_size: Sequence[float] | None = None,
    unit: str | None = None,
    licence: str = "",
    citation: str = "",
    register: bool = False,
    upload: Upload | None = None,
) -> Cube:
    """Queue a stack to be read. Whether ``path`` may be read is for the caller to check first.

    ``register``: leave an OME-Zarr where it is and only look at it; Lamella never writes there.
    A cube of the same name that could not be read makes room. Raises CubeError.
    """
    for failed in study.cubes.filter(name=name, state=VolumeState.FAILED):
        remove_cube(failed)
    if study.cubes.filter(name=name).exists():
        raise CubeError(
            f"There is a cube named “{name}” in this study already; choose another name."
        )
    cube = Cube(
        study=study,
        name=name,
        managed=not register,
        source={
            "path": str(path),
            "upload": str(upload.pk) if upload else None,
            "dataset": dataset,
            "axes": axes,
            "channel": channel,
            "voxel_size": list(voxel_size) if voxel_size else None,
            "unit": unit,
        },
        licence=licence,
        citation=citation,
    )
    cube.full_clean(exclude=["shape", "voxel_size"])  # reading fills these
    cube.save()
    enqueue(
        "ingest_cube",
        params={"cube_id": cube.pk},
        title=f"Look at {name}" if register else f"Read {name}",
        scope=study.slug,
        key=f"ingest:{cube.pk}",
    )
    return cube


@transaction.atomic
def add_labels(
    cube: Cube,
    *,
    name: str,
    role: LabelsRole,
    path: Path | str,
    by: User | None = None,
    dataset: str | None = None,
    axes: str | None = None,
    channel: int | None = None,
    mapping: Mapping[int, int] | None = None,
    others: int | None = None,
    slices: Sequence[int] | None = None,
    upload: Upload | None = None,
    max_is_unsure: bool = False,
) -> Labels:
    """Queue labels of a cube to be read. ``slices``: those that are labelled; None means all.

    ``max_is_unsure``: the greatest value of their type says "unsure", as in Lamella's own masks.
    Without ``mapping`` values stay as they are; with it, others become ``others`` or are refused.
    Raises CubeError.
    """
    if cube.state == VolumeState.FAILED:
        raise CubeError(f"The cube “{cube.name}” could not be read, so it can have no labels.")
    if slices is not None and (fault := _slices_fault(slices, cube.shape)):
        raise CubeError(fault)
    labels = Labels(
        cube=cube,
        name=name,
        role=role,
        source={
            "path": str(path),
            "upload": str(upload.pk) if upload else None,
            "dataset": dataset,
            "axes": axes,
            "channel": channel,
            "others": others,
            "max_is_unsure": max_is_unsure,
        },
        mapping={} if mapping is None else {"map": {str(k): v for k, v in mapping.items()}},
        slices=None if slices is None else sorted(set(slices)),
        created_by=by,
    )
    labels.full_clean(exclude=["mapping"])
    labels.save()
    # They are compared with their cube; while that is being read they wait for it.
    if Cube.objects.filter(pk=cube.pk, state=VolumeState.READY).exists():
        _queue(labels)
    return labels


def _queue(labels: Labels) -> None:
    enqueue(
        "import_labels",
        params={"labels_id": labels.pk},
        title=f"Read labels: {labels.name}",
        scope=labels.cube.study.slug,
        key=f"labels:{labels.pk}",
    )


def cube_ready(cube: Cube, **facts: Any) -> None:
    """A cube was read; called in the transaction that ends its job."""
    Cube.objects.filter(pk=cube.pk).update(state=VolumeState.READY, error="", **facts)
    for labels in cube.labels.filter(state=VolumeState.WAITING):
        fault = _slices_fault(labels.slices or (), facts.get("shape", cube.shape))
        if fault:
            Labels.objects.filter(pk=labels.pk).update(state=VolumeState.FAILED, error=fault)
        else:
            _queue(labels)


def labels_ready(labels: Labels, **facts: Any) -> None:
    Labels.objects.filter(pk=labels.pk).update(state=VolumeState.READY, error="", **facts)


def remove_cube(cube: Cube) -> None:
    """Remove a cube that could not be read. Raises CubeError for others."""
    with transaction.atomic():
        if not Cube.objects.filter(pk=cube.pk, state=VolumeState.FAILED).update(error=cube.error):
            raise CubeError(
                f"The cube “{cube.name}” is {cube.get_state_display()}; "
                "only cubes that could not be read can be removed."
            )
        Labels.objects.filter(cube=cube).delete()
        Cube.objects.filter(pk=cube.pk).delete()


def remove_labels(labels: Labels) -> None:
    """Remove labels that could not be read. Raises CubeError for others."""
    if not Labels.objects.filter(pk=labels.pk, state=VolumeState.FAILED).delete()[0]:
        raise CubeError(
            f"The labels “{labels.name}” are {labels.get_state_display()}; "
            "only labels that could not be read can be removed."
        )


def ingest_ended(job: Job) -> None:
    """Note that reading failed or was cancelled, and leave nothing of it in the store."""
    if job.state == JobState.DONE:
        return
    error = job.error or "Reading it was cancelled."
    if job.kind == "ingest_cube":
        key = int(job.params["cube_id"])
        rows: Any = Cube.objects.filter(pk=key, state__in=PENDING)
        uri = image_uri(key)
        Labels.objects.filter(cube_id=key, state__in=PENDING).update(
            state=VolumeState.FAILED, error=f"Their cube could not be read: {error}"
        )
    else:
        key = int(job.params["labels_id"])
        rows = Labels.objects.filter(pk=key, state__in=PENDING)
        uri = labels_uri(key)
    if rows.update(state=VolumeState.FAILED, error=error):
        transaction.on_commit(partial(_forget, uri), robust=True)


def _forget(uri: str) -> None:
    """Remove a half-written store."""
    location(uri).remove()


def _slices_fault(slices: Sequence[int], shape: Sequence[int]) -> str:
    """What is wrong with a list of labelled slices, in one sentence."""
    if not shape or not slices:
        return ""
    outside = [z for z in slices if not 0 <= z < shape[0]]
    if not outside:
        return ""
    return (
        f"Slice {outside[0]} is said to be labelled, but the cube has slices 0 to {shape[0] - 1}."
    )
