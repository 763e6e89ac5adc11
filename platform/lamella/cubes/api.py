"""Looking at cubes: tiles of a slice, whole planes as pictures, and the zarr files themselves."""

from typing import Annotated, Any, Literal

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import get_conditional_response
from ninja import Field, Query, Router, Schema

from lamella.cubes.access import cube_for, labels_for, whole_cube_for
from lamella.cubes.files import FOR_EVER, REVALIDATE, cached_privately, file_response, inside
from lamella.cubes.models import Cube, VolumeState
from lamella.cubes.store import cube_location, location
from lamella.cubes.volumes import reader_of
from lamella.studies.access import NotVisibleError
from lamella.volumes.omezarr_read import CubeReader
from lamella.volumes.tiles import encode_jpeg, encode_png16, read_tile

router = Router(tags=["cubes"])

# A window of a plane is at most this many pixels a side.
MOST_PX = 2048
_HEX = 16

Value = Annotated[float, Field(allow_inf_nan=False)]


class LookIn(Schema):
    """``lo`` and ``hi``: the intensities that become black and white; by default the cube's
    robust range. ``v``: the cube's checksum or its beginning, so that a browser may keep the
    picture for ever."""

    lo: Value | None = None
    hi: Value | None = None
    v: Annotated[str, Field(max_length=80)] = ""


class PlaneIn(LookIn):
    """``max``: the longer side of the picture, in pixels."""

    max: Annotated[int, Field(ge=16, le=MOST_PX)] = 256


@router.get("/cubes/{int:cube_id}/tiles/{int:level}/{int:z}/{int:row}/{int:column}.jpg")
def tile_jpeg(
    request: HttpRequest, cube_id: int, level: int, z: int, row: int, column: int,
    look: Query[LookIn],
) -> HttpResponseBase:  # fmt: skip
    """A tile of at most 512 x 512 pixels as an 8-bit JPEG; z counts slices of level 0."""
    return _tile(request, cube_id, (level, z, row, column), look, "jpeg")


@router.get("/cubes/{int:cube_id}/tiles/{int:level}/{int:z}/{int:row}/{int:column}.png")
def tile_png(
    request: HttpRequest, cube_id: int, level: int, z: int, row: int, column: int,
    look: Query[LookIn],
) -> HttpResponseBase:  # fmt: skip
    """A tile without loss as a 16-bit PNG: 8 and 16-bit voxels as they are, others windowed."""
    return _tile(request, cube_id, (level, z, row, column), look, "png")


@router.get("/cubes/{int:cube_id}/plane/{axis}/{int:index}.jpg")
def plane(
    request: HttpRequest,
    cube_id: int,
    axis: Literal["z", "y", "x"],
    index: int,
    look: Query[PlaneIn],
) -> HttpResponseBase:
    """A whole plane across z, y or x with square pixels, at most ``max`` pixels a side."""
    cube = ready_cube(request, cube_id)

    def draw(reader: CubeReader) -> bytes:
        try:
            pixels = reader.plane(axis, index, look.max)
        except IndexError:
            raise NotVisibleError from None
        return encode_jpeg(pixels, *_window(cube, look))

    return _picture(request, cube, look, f"{axis}{index}.{look.max}", draw, "image/jpeg")


@router.api_operation(["GET", "HEAD"], "/cubes/{int:cube_id}/zarr/{path:path}")
def cube_file(request: HttpRequest, cube_id: int, path: str) -> HttpResponseBase:
    """A file of the cube's OME-Zarr, for members of its study; ranges of bytes are served."""
    cube = whole_cube_for(request.user, cube_id)
    if cube.state != VolumeState.READY:
        raise NotVisibleError
    return file_response(request, inside(cube_location(cube), path))


@router.api_operation(["GET", "HEAD"], "/labels/{int:labels_id}/zarr/{path:path}")
def labels_file(request: HttpRequest, labels_id: int, path: str) -> HttpResponseBase:
    """A file of an imported label volume's OME-Zarr, for managers of its study."""
    labels = labels_for(request.user, labels_id)
    if labels.state != VolumeState.READY:
        raise NotVisibleError
    return file_response(request, inside(location(labels.uri), path))


def ready_cube(request: HttpRequest, cube_id: int) -> Cube:
    """A cube that can be looked at. Raises NotVisibleError."""
    cube = cube_for(request.user, cube_id)
    if cube.state != VolumeState.READY:
        raise NotVisibleError
    return cube


def _tile(
    request: HttpRequest,
    cube_id: int,
    place: tuple[int, int, int, int],
    look: LookIn,
    kind: Literal["jpeg", "png"],
) -> HttpResponseBase:
    """The tile at (level, z, row, column)."""
    cube = ready_cube(request, cube_id)
    encode = encode_jpeg if kind == "jpeg" else encode_png16

    def draw(reader: CubeReader) -> bytes:
        tile = read_tile(reader, *place)
        if tile is None:
            raise NotVisibleError
        return encode(tile, *_window(cube, look))

    key = ".".join(str(part) for part in (kind, *place))
    return _picture(request, cube, look, key, draw, f"image/{kind}")


def _window(cube: Cube, look: LookIn) -> tuple[float, float]:
    return (
        cube.low if look.lo is None else look.lo,
        cube.high if look.hi is None else look.hi,
    )


def _picture(
    request: HttpRequest, cube: Cube, look: LookIn, key: str, draw: Any, content_type: str
) -> HttpResponseBase:
    """A drawing, or 304 before anything is read where the browser has it already."""
    low, high = _window(cube, look)
    etag = f'"{cube.checksum[:_HEX]}.{key}.{low:g}.{high:g}"'
    response: HttpResponseBase | None = get_conditional_response(request, etag=etag)
    if response is None:
        response = HttpResponse(draw(reader_of(cube)), content_type=content_type)
        response["ETag"] = etag
    known = bool(look.v) and cube.checksum.startswith(look.v)
    return cached_privately(response, FOR_EVER if known else REVALIDATE)
