"""The cube explorer over HTTP: mask planes, patch maps, the catalogue of objects."""

from datetime import datetime
from typing import Annotated, Any, Literal

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import get_conditional_response
from ninja import Field, Router, Schema, Status
from ninja.errors import HttpError

from lamella.consensus.known import digest, sources_of
from lamella.cubes.access import managed_cube
from lamella.cubes.files import REVALIDATE, cached_privately
from lamella.cubes.models import Cube, VolumeState
from lamella.exchange import catalogues, explorer
from lamella.exchange.models import Catalogue
from lamella.exchange.services import ExportError
from lamella.exchange.virtual import VirtualMask
from lamella.learning.selectors import current_proposal
from lamella.studies.access import NotVisibleError

router = Router(tags=["explorer"])


class PatchesOut(Schema):
    """``values`` row by row, ``side`` pixels a patch; ``names``: the maps that there are."""

    name: str
    names: list[str]
    side: int
    rows: int
    columns: int
    values: list[float]
    top: float


class ObjectOut(Schema):
    """Centre and box in voxels, ZYX; ``doubt``: 0 to 1, how likely it is not there."""

    number: int
    value: int
    volume: int
    z: float
    y: float
    x: float
    box: list[int]
    doubt: float


class ObjectsOut(Schema):
    """``made`` is null before the first catalogue; ``stale``: the mask has changed since.
    ``after``: hand it back for the next page; empty after the last."""

    made: datetime | None
    stale: bool
    error: str
    count: int
    items: list[ObjectOut]
    after: str


class AskedOut(Schema):
    job_id: str


@router.get("/cubes/{int:cube_id}/mask/{axis}/{int:index}.png")
def mask_plane(
    request: HttpRequest,
    cube_id: int,
    axis: Literal["z", "y", "x"],
    index: int,
    max: Annotated[int, Field(ge=16, le=2048)] = 1024,
) -> HttpResponseBase:
    """A plane of the mask as a transparent PNG, for managers."""
    cube = _ready(request, cube_id)
    proposal = current_proposal(cube)
    known = digest(sources_of(cube))[:16]
    etag = f'"{proposal.pk if proposal else 0}.{known}.{axis}{index}.{max}"'
    response: HttpResponseBase | None = get_conditional_response(request, etag=etag)
    if response is None:
        try:
            data = explorer.mask_png(cube, proposal, axis, index, max)
        except IndexError:
            raise NotVisibleError from None
        response = HttpResponse(data, content_type="image/png")
        response["ETag"] = etag
    return cached_privately(response, REVALIDATE)


@router.get("/cubes/{int:cube_id}/patches/{int:z}", response=PatchesOut)
def patches(request: HttpRequest, cube_id: int, z: int, name: str = "") -> dict[str, Any]:
    """How doubtful each patch of a slice is; 404 where the proposal holds no such map."""
    proposal = current_proposal(_ready(request, cube_id))
    if proposal is None:
        raise NotVisibleError
    names = explorer.patch_names(proposal)
    found = explorer.patches_of(proposal, name or next(iter(names), ""), z)
    if found is None:
        raise NotVisibleError
    return {
        "names": names,
        "name": found.name,
        "side": found.side,
        "rows": found.rows,
        "columns": found.columns,
        "values": found.values,
        "top": found.top,
    }


@router.get("/cubes/{int:cube_id}/objects", response=ObjectsOut)
def objects(
    request: HttpRequest,
    cube_id: int,
    sort: Literal["volume", "doubt"] = "volume",
    after: Annotated[str, Field(pattern=r"^([0-9.e+-]{1,26}:\d{1,18})?$")] = "",
) -> dict[str, Any]:
    """The catalogue of the cube's objects, the largest or the most doubtful first."""
    cube = _ready(request, cube_id)
    kept = Catalogue.objects.filter(cube=cube).first()
    if kept is None or kept.made is None:
        error = kept.error if kept else ""
        return {"made": None, "stale": False, "error": error, "count": 0, "items": [], "after": ""}
    page = catalogues.objects_of(kept, sort, after)
    return {
        "made": kept.made,
        "stale": kept.mark != VirtualMask(cube).mark,
        "error": kept.error,
        "count": kept.count,
        "items": page.rows,
        "after": page.after,
    }


@router.post("/cubes/{int:cube_id}/objects", response={202: AskedOut})
def list_objects(request: HttpRequest, cube_id: int) -> Status[AskedOut]:
    """Have the catalogue made anew, of the mask as it is now."""
    cube = _ready(request, cube_id)
    try:
        job = catalogues.request_catalogue(cube)
    except ExportError as error:
        raise HttpError(409, str(error)) from error
    return Status(202, AskedOut(job_id=str(job.pk)))


def _ready(request: HttpRequest, cube_id: int) -> Cube:
    cube = managed_cube(request.user, cube_id)
    if cube.state != VolumeState.READY:
        raise NotVisibleError
    return cube
