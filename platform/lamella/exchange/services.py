"""What changes exports."""

from functools import partial
from typing import Any

from django.db import transaction

from lamella.accounts.models import User
from lamella.cubes.models import Cube, VolumeState
from lamella.cubes.store import location
from lamella.exchange.models import Export
from lamella.jobs.models import Job, JobState
from lamella.jobs.services import enqueue


class ExportError(Exception):
    """The export cannot be made; the text says why in one sentence."""


@transaction.atomic
def request_export(cube: Cube, format: Export.Format | str, by: User | None) -> Export:
    """Queue the cube's final mask to be written; one that waits already is given back.

    Raises ExportError.
    """
    if cube.state != VolumeState.READY:
        raise ExportError(
            f"The cube “{cube.name}” is {cube.get_state_display()}; export it once it is ready."
        )
    waiting = cube.exports.filter(format=format, state=Export.State.WAITING).first()
    if waiting is not None:
        return waiting
    export = Export(cube=cube, format=format, created_by=by)
    export.clean_fields(exclude=["figures"])
    export.save()
    enqueue(
        "export",
        params={"export_id": str(export.pk)},
        title=f"Export {cube.name} as {export.get_format_display()}",
        scope=cube.study.slug,
        key=f"export:{export.pk}",
    )
    return export


def folder_uri(export: Export) -> str:
    """Where an export lies, relative to the store."""
    return f"exports/{export.pk}"


def begin_export(export: Export) -> None:
    Export.objects.filter(pk=export.pk).update(state=Export.State.RUNNING)


def finish_export(export: Export, *, uri: str, provenance: str, figures: dict[str, Any]) -> None:
    Export.objects.filter(pk=export.pk).update(
        state=Export.State.READY, error="", uri=uri, provenance_uri=provenance, figures=figures
    )


def export_ended(job: Job) -> None:
    """Note that an export failed or was cancelled, and leave nothing of it in the store."""
    if job.state == JobState.DONE:
        return
    unfinished = [Export.State.WAITING, Export.State.RUNNING]
    export = Export.objects.filter(pk=job.params["export_id"], state__in=unfinished).first()
    if export is None:
        return
    Export.objects.filter(pk=export.pk).update(
        state=Export.State.FAILED, error=job.error or "The export was cancelled."
    )
    transaction.on_commit(partial(_forget, folder_uri(export)), robust=True)


def _forget(uri: str) -> None:
    location(uri).remove()
