"""Read a cube into the store, or look at one that stays where it is."""

from typing import Any

from lamella.cubes import services
from lamella.cubes.models import Cube, VolumeState
from lamella.cubes.sources import open_source
from lamella.cubes.store import location, outside
from lamella.jobs.errors import UserError
from lamella.loop.services import after_job
from lamella.volumes.errors import SourceError, StoreError
from lamella.volumes.geometry import VoxelSize
from lamella.volumes.ingest import CubeMeta, IngestResult, Stopped, ingest
from lamella.volumes.omezarr_read import open_cube
from lamella.volumes.register import Registered, register
from workers.runner import JobContext, handler

_CHECKSUM = Cube._meta.get_field("checksum").max_length


@handler("ingest_cube")
def run(ctx: JobContext) -> dict[str, object]:
    """Stream the source into OME-Zarr; a killed run goes on with its next slab."""
    cube = Cube.objects.select_related("study").filter(pk=ctx.params["cube_id"]).first()
    if cube is None:
        raise UserError("The cube was removed before it was read.")
    Cube.objects.filter(pk=cube.pk).update(state=VolumeState.INGESTING)
    try:
        result = _read(ctx, cube) if cube.managed else _look(cube)
    except (SourceError, StoreError) as error:
        raise UserError(str(error)) from error
    except Stopped:
        ctx.check()
        raise
    size = result.voxel_size or _given_size(cube.source)
    with ctx.effect():
        services.cube_ready(
            cube,
            uri=services.image_uri(cube.pk) if cube.managed else cube.source["path"],
            shape=list(result.shape),
            dtype=result.dtype,
            voxel_size=list(size.zyx) if size else [],
            unit=(size.unit or "") if size else "",
            low=result.low,
            high=result.high,
            checksum=result.checksum[:_CHECKSUM],
        )
        ctx.finish({"shape": list(result.shape)})
        after_job(cube.study)
    return {}


def _read(ctx: JobContext, cube: Cube) -> IngestResult:
    source = open_source(cube.source)
    try:
        return ingest(
            source,
            location(services.image_uri(cube.pk)),
            meta=CubeMeta(cube.name, cube.licence, cube.citation),
            voxel_size=_given_size(cube.source),
            on_progress=ctx.progress,
            should_stop=ctx.should_stop,
        )
    finally:
        source.close()


def _look(cube: Cube) -> Registered:
    """The facts of an OME-Zarr that stays in its place; nothing is ever written there."""
    # Opened as any source first: the same limits hold, and a channel must be chosen.
    open_source(cube.source).close()
    return register(
        open_cube(outside(cube.source["path"]), channel=int(cube.source.get("channel") or 0))
    )


def _given_size(asked: dict[str, Any]) -> VoxelSize | None:
    """The voxel size that a person gave, which overrides the source's."""
    size = asked.get("voxel_size")
    return VoxelSize.of(tuple(size), asked.get("unit")) if size else None
