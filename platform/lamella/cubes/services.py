"""What changes cubes and their labels. Reading them is work for a job; here it is asked for."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from django.db import transaction

from lamella.accounts.models import User
from lamella.cubes.models import Cube, Labels, LabelsRole, VolumeState
from lamella.jobs.models import Job, JobState
from lamella.jobs.services import enqueue
from lamella.studies.models import Study


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
) -> Cube:
    """Queue a stack to be read. Whether ``path`` may be read is for the caller to check first."""
    cube = Cube(
        study=study,
        name=name,
        source={
            "path": str(path),
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
        title=f"Read {name}",
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
    mapping: Mapping[int, int] | None = None,
    others: int | None = None,
    slices: Sequence[int] | None = None,
) -> Labels:
    """Queue labels of a cube to be read. ``slices``: those that are labelled; None means all.

    Without ``mapping`` values stay as they are; with it, others become ``others`` or are refused.
    """
    labels = Labels(
        cube=cube,
        name=name,
        role=role,
        source={"path": str(path), "dataset": dataset, "axes": axes, "others": others},
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
        _queue(labels)


def labels_ready(labels: Labels, **facts: Any) -> None:
    Labels.objects.filter(pk=labels.pk).update(state=VolumeState.READY, error="", **facts)


def ingest_ended(job: Job) -> None:
    """Note on the cube or the labels that their job failed or was cancelled."""
    if job.state == JobState.DONE:
        return
    error = job.error or "Reading it was cancelled."
    waiting = [VolumeState.WAITING, VolumeState.INGESTING]
    if job.kind == "ingest_cube":
        rows: Any = Cube.objects.filter(pk=job.params["cube_id"], state__in=waiting)
        Labels.objects.filter(cube_id=job.params["cube_id"], state__in=waiting).update(
            state=VolumeState.FAILED, error=f"Their cube could not be read: {error}"
        )
    else:
        rows = Labels.objects.filter(pk=job.params["labels_id"], state__in=waiting)
    rows.update(state=VolumeState.FAILED, error=error)
