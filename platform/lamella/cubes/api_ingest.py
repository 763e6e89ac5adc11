"""Bringing a cube in: a preview, the order to read it, and how far that is."""

from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Router, Schema, Status
from ninja.errors import HttpError

from lamella.cubes import previews, services
from lamella.cubes.access import managed_cube
from lamella.cubes.api_common import Name, SourceIn, job_id, managed_study, origin, user_of
from lamella.cubes.models import Cube
from lamella.languages.sentences import said
from lamella.volumes.geometry import canonical_unit

router = Router(tags=["ingest"])

Side = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class PreviewIn(SourceIn):
    """``labels``: look at all slices for the ids there are."""

    labels: bool = False


class PreviewOut(Schema):
    """What a source holds. Where ``question`` says that something must be chosen first (one of
    ``datasets``), the rest is empty. Thumbnails are data URLs of the slices ``thumbnail_z``."""

    name: str = ""
    question: str = ""
    datasets: list[str] = []
    axes: str = ""
    shape: list[int] = []
    dtype: str = ""
    channels: int = 1
    voxel_size: list[float] | None = None
    unit: str | None = None
    low: float | None = None
    high: float | None = None
    thumbnail_z: list[int] = []
    thumbnails: list[str] = []
    ids: list[int] = []
    id_count: int | None = None
    ids_complete: bool = False


class CubeIn(SourceIn):
    """``voxel_size`` ([z, y, x] in ``unit``) overrides the source's. ``register``: leave an
    OME-Zarr where it is, read-only."""

    name: Name
    voxel_size: tuple[Side, Side, Side] | None = None
    unit: Annotated[str, Field(max_length=20)] | None = None
    licence: Annotated[str, Field(max_length=200)] = ""
    citation: Annotated[str, Field(max_length=5000)] = ""
    register_in_place: Annotated[bool, Field(alias="register")] = False


class CubeOut(Schema):
    id: int
    name: str
    state: str
    error: str
    job: UUID | None


@router.post("/studies/{slug}/preview", response=PreviewOut)
def preview(request: HttpRequest, slug: str, body: PreviewIn) -> PreviewOut:
    """A first look at a source: axes, voxel size, value range, a few slices."""
    place = origin(request, managed_study(request, slug), body)
    seen = previews.look(
        place, dataset=body.dataset, axes=body.axes, channel=body.channel, labels=body.labels
    )
    found = seen.found
    if found is None:
        return PreviewOut(question=said(seen.question), datasets=list(seen.datasets))
    size = found.voxel_size
    return PreviewOut(
        name=found.name,
        datasets=list(seen.datasets),
        axes=found.axes,
        shape=list(found.shape),
        dtype=found.dtype,
        channels=found.channels,
        voxel_size=list(size.zyx) if size else None,
        unit=size.unit if size else None,
        low=found.low,
        high=found.high,
        thumbnail_z=list(found.thumbnail_z),
        thumbnails=[previews.data_url(t) for t in found.thumbnails],
        ids=list(found.ids),
        id_count=found.id_count,
        ids_complete=seen.ids_complete,
    )


def add_cube(request: HttpRequest, slug: str, body: CubeIn) -> Status[dict[str, Any]]:
    """Have a stack read, or an OME-Zarr registered where it is."""
    study = managed_study(request, slug)
    if body.unit is not None and canonical_unit(body.unit) is None:
        raise HttpError(422, f"“{body.unit}” is no unit of length; write nm, µm or mm.")
    place = origin(request, study, body)
    if body.register_in_place and not place.in_place:
        raise HttpError(422, "An upload cannot be registered in place; have it read instead.")
    cube = services.add_cube(
        study,
        name=body.name.strip(),
        path=place.path,
        upload=place.upload,
        by=user_of(request),
        dataset=body.dataset,
        axes=body.axes,
        channel=body.channel,
        voxel_size=body.voxel_size,
        unit=body.unit,
        licence=body.licence.strip(),
        citation=body.citation.strip(),
        register=body.register_in_place,
    )
    return Status(202, _cube_out(cube))


@router.get("/cubes/{int:cube_id}", response=CubeOut)
def cube_state(request: HttpRequest, cube_id: int) -> dict[str, Any]:
    """How far the reading of a cube is."""
    return _cube_out(managed_cube(request.user, cube_id))


@router.delete("/cubes/{int:cube_id}", response={204: None})
def remove_cube(request: HttpRequest, cube_id: int) -> Status[None]:
    """Remove a cube that could not be read."""
    services.remove_cube(managed_cube(request.user, cube_id))
    return Status(204, None)


def _cube_out(cube: Cube) -> dict[str, Any]:
    return {
        "id": cube.pk,
        "name": cube.name,
        "state": cube.state,
        "error": cube.error,
        "job": job_id("ingest", cube.pk),
    }
