"""Labels of a cube from outside: named by a source, or sent as a TIFF."""

from typing import Annotated, Any
from uuid import UUID

import pydantic
from django.http import HttpRequest
from ninja import Field, Query, Router, Schema, Status
from ninja.errors import HttpError
from ninja.errors import ValidationError as RequestError

from lamella.cubes import services, uploads
from lamella.cubes.access import labels_for, managed_cube
from lamella.cubes.api_common import Name, SourceIn, job_id, origin, user_of
from lamella.cubes.models import Cube, Labels, LabelsRole

router = Router(tags=["ingest"])


class LabelsIn(SourceIn):
    """Without ``mapping`` values stay as they are; with it, others become ``others`` or are
    refused. ``slices``: those that are labelled; null means all."""

    name: Name
    role: LabelsRole
    mapping: dict[int, int] | None = None
    others: Annotated[int, Field(ge=0, lt=2**32)] | None = None
    slices: list[int] | None = None


class RawLabelsIn(Schema):
    """The query that goes with a TIFF as the body. ``slices``: comma-separated z."""

    name: Name = "labels"
    role: LabelsRole | None = None
    slices: Annotated[str, Field(pattern=r"^(\d+(,\d+)*)?$")] | None = None


class LabelsOut(Schema):
    id: int
    cube: int
    name: str
    role: str
    state: str
    error: str
    slices: list[int] | None
    job: UUID | None


@router.post(
    "/cubes/{int:cube_id}/labels",
    response={202: LabelsOut},
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": LabelsIn.model_json_schema()},
                "image/tiff": {"schema": {"type": "string", "format": "binary"}},
                "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
            },
        }
    },
)
def add_labels(
    request: HttpRequest, cube_id: int, query: Query[RawLabelsIn]
) -> Status[dict[str, Any]]:
    """Have labels of a cube read: JSON that names a source, or a TIFF itself with a query."""
    cube = managed_cube(request.user, cube_id)
    if request.content_type == "application/json":
        labels = _named_labels(request, cube)
    elif request.content_type in ("image/tiff", "application/octet-stream"):
        labels = _sent_labels(request, cube, query)
    else:
        raise HttpError(415, "Send JSON that names a source, or a TIFF as image/tiff.")
    return Status(202, _labels_out(labels))


@router.get("/labels/{int:labels_id}", response=LabelsOut)
def labels_state(request: HttpRequest, labels_id: int) -> dict[str, Any]:
    """How far the reading of labels is."""
    return _labels_out(labels_for(request.user, labels_id))


@router.delete("/labels/{int:labels_id}", response={204: None})
def remove_labels(request: HttpRequest, labels_id: int) -> Status[None]:
    """Remove labels that could not be read."""
    services.remove_labels(labels_for(request.user, labels_id))
    return Status(204, None)


def _named_labels(request: HttpRequest, cube: Cube) -> Labels:
    try:
        body = LabelsIn.model_validate_json(request.body)
    except pydantic.ValidationError as error:
        raise RequestError([dict(fault) for fault in error.errors()]) from error
    place = origin(request, cube.study, body)
    return services.add_labels(
        cube,
        name=body.name.strip(),
        role=body.role,
        path=place.path,
        upload=place.upload,
        by=user_of(request),
        dataset=body.dataset,
        axes=body.axes,
        channel=body.channel,
        mapping=body.mapping,
        others=body.others,
        slices=body.slices,
    )


def _sent_labels(request: HttpRequest, cube: Cube, query: RawLabelsIn) -> Labels:
    if query.role is None:
        raise HttpError(422, "Say which role the labels have: gold, training, test or external.")
    name = query.name.strip()
    try:
        upload = uploads.receive(
            cube.study,
            user_of(request),
            filename=f"{name}.tif",
            size=int(request.headers.get("Content-Length") or 0),
            stream=request,
        )
    except uploads.UploadError as error:
        raise HttpError(error.status, str(error)) from error
    try:
        return services.add_labels(
            cube,
            name=name,
            role=query.role,
            path=uploads.path_of(upload),
            upload=upload,
            by=user_of(request),
            slices=[int(z) for z in query.slices.split(",")] if query.slices else None,
            max_is_unsure=True,  # drawn over a mask of ours, for instance in napari
        )
    except services.CubeError:
        uploads.remove(upload)
        raise


def _labels_out(labels: Labels) -> dict[str, Any]:
    return {
        "id": labels.pk,
        "cube": labels.cube_id,
        "name": labels.name,
        "role": labels.role,
        "state": labels.state,
        "error": labels.error,
        "slices": labels.slices,
        "job": job_id("labels", labels.pk),
    }
