"""Exports: asked for, followed, and taken home, by managers."""

import re
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from ninja import Router, Schema, Status

from lamella.accounts.access import account_of
from lamella.cubes.access import managed_cube
from lamella.cubes.files import FOR_EVER, cached_privately, file_response
from lamella.cubes.store import location
from lamella.exchange import services
from lamella.exchange.models import Export
from lamella.exchange.packing import tree, zipped
from lamella.jobs.models import Job
from lamella.studies.access import NotVisibleError, require
from lamella.studies.models import Role

router = Router(tags=["exports"])


class ExportIn(Schema):
    format: Export.Format


class ExportOut(Schema):
    """``figures``: share of voxels shown to people, voxels settled, and objects that split, merge,
    begin or end at seams (known meets proposed) and elsewhere."""

    id: UUID
    cube: int
    format: str
    state: str
    error: str
    figures: dict[str, Any]
    download: str | None
    provenance: str | None
    job: UUID | None


@router.post("/cubes/{int:cube_id}/exports", response={202: ExportOut})
def request_export(request: HttpRequest, cube_id: int, body: ExportIn) -> Status[dict[str, Any]]:
    """Have the cube's final mask written, agreed where people looked and proposed elsewhere."""
    cube = managed_cube(request.user, cube_id)
    return Status(202, _out(services.request_export(cube, body.format, account_of(request))))


@router.get("/cubes/{int:cube_id}/exports", response=list[ExportOut])
def exports(request: HttpRequest, cube_id: int) -> list[dict[str, Any]]:
    """The cube's exports, the newest first."""
    return [_out(export) for export in managed_cube(request.user, cube_id).exports.all()[:50]]


@router.get("/exports/{uuid:export_id}", response=ExportOut)
def export(request: HttpRequest, export_id: UUID) -> dict[str, Any]:
    """How far an export is."""
    return _out(_found(request, export_id))


@router.api_operation(["GET", "HEAD"], "/exports/{uuid:export_id}/download")
def download(request: HttpRequest, export_id: UUID) -> HttpResponseBase:
    """The file: a TIFF, or a zip with the OME-Zarr and its provenance, packed while it is sent."""
    found = _ready(request, export_id)
    place = location(found.uri)
    name = _name(found)
    response: HttpResponseBase
    if found.format == Export.Format.TIFF:
        response = file_response(request, place, content_type="image/tiff", cache=FOR_EVER)
        return _saved_as(response, f"{name}.ome.tif")
    files = [
        *tree(f"{name}.ome.zarr", place),
        (f"{name}.provenance.json", location(found.provenance_uri)),
    ]
    portions = () if request.method == "HEAD" else zipped(files)
    response = StreamingHttpResponse(portions, content_type="application/zip")
    return _saved_as(cached_privately(response, FOR_EVER), f"{name}.ome.zarr.zip")


@router.api_operation(["GET", "HEAD"], "/exports/{uuid:export_id}/provenance.json")
def provenance(request: HttpRequest, export_id: UUID) -> HttpResponseBase:
    """Where every voxel comes from; docs/export-provenance.md describes the document."""
    found = _ready(request, export_id)
    response = file_response(request, location(found.provenance_uri), cache=FOR_EVER)
    return _saved_as(response, f"{_name(found)}.provenance.json")


def _found(request: HttpRequest, export_id: UUID) -> Export:
    found = Export.objects.select_related("cube__study").filter(pk=export_id).first()
    if found is None:
        raise NotVisibleError
    require(request.user, found.cube.study, Role.MANAGER)
    return found


def _ready(request: HttpRequest, export_id: UUID) -> Export:
    found = _found(request, export_id)
    if found.state != Export.State.READY:
        raise NotVisibleError
    return found


def _name(export: Export) -> str:
    """A file name that tells study, cube and day."""
    cube = re.sub(r"[^A-Za-z0-9]+", "-", export.cube.name).strip("-").lower() or "cube"
    return f"{export.cube.study.slug}-{cube}-{export.created:%Y-%m-%d}"


def _saved_as(response: HttpResponseBase, name: str) -> HttpResponseBase:
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _out(export: Export) -> dict[str, Any]:
    ready = export.state == Export.State.READY
    base = f"/api/v1/exports/{export.pk}"
    job = Job.objects.filter(key=f"export:{export.pk}").order_by("-created").first()
    return {
        "id": export.pk,
        "cube": export.cube_id,
        "format": export.format,
        "state": export.state,
        "error": export.error,
        "figures": export.figures,
        "download": f"{base}/download" if ready else None,
        "provenance": f"{base}/provenance.json" if ready else None,
        "job": job.pk if job else None,
    }
