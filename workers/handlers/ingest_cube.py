"""Read a cube into the store."""

from lamella.cubes import services
from lamella.cubes.models import Cube, VolumeState
from lamella.cubes.readers.registry import open_source
from lamella.cubes.store import location
from lamella.jobs.errors import UserError
from lamella.loop.services import after_job
from lamella.volumes.errors import SourceError
from lamella.volumes.ingest import CubeMeta, Stopped, ingest
from workers.runner import JobContext, handler


@handler("ingest_cube")
def run(ctx: JobContext) -> dict[str, object]:
    """Stream the source into OME-Zarr; a killed run goes on with its next slab."""
    cube = Cube.objects.select_related("study").get(pk=ctx.params["cube_id"])
    Cube.objects.filter(pk=cube.pk).update(state=VolumeState.INGESTING)
    asked = cube.source
    uri = f"cubes/{cube.pk}/image.zarr"
    try:
        source = open_source(
            asked["path"],
            dataset=asked.get("dataset"),
            axes=asked.get("axes"),
            channel=asked.get("channel"),
        )
        try:
            size = asked.get("voxel_size")
            result = ingest(
                source,
                location(uri),
                meta=CubeMeta(cube.name, cube.licence, cube.citation),
                voxel_size=tuple(size) if size else None,
                unit=asked.get("unit"),
                on_progress=ctx.progress,
                should_stop=ctx.should_stop,
            )
        finally:
            source.close()
    except SourceError as error:
        raise UserError(str(error)) from error
    except Stopped:
        ctx.check()
        raise
    size_of = result.voxel_size
    with ctx.effect():
        services.cube_ready(
            cube,
            uri=uri,
            shape=list(result.shape),
            dtype=result.dtype,
            voxel_size=list(size_of.zyx) if size_of else [],
            unit=(size_of.unit or "") if size_of else "",
            low=result.low,
            high=result.high,
            checksum=result.checksum,
        )
        ctx.finish({"shape": list(result.shape)})
        after_job(cube.study)
    return {}
