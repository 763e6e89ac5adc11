"""Read labels of a cube into the store."""

from lamella.cubes import services
from lamella.cubes.models import Labels, VolumeState
from lamella.cubes.readers.registry import open_source
from lamella.cubes.store import location
from lamella.cubes.volumes import reader_of
from lamella.jobs.errors import TransientError, UserError
from lamella.loop.services import after_job
from lamella.volumes.errors import SourceError
from lamella.volumes.ingest import Stopped
from lamella.volumes.ingest_labels import ingest_labels
from workers.only_slices import OnlySlices
from workers.runner import JobContext, handler


@handler("import_labels")
def run(ctx: JobContext) -> dict[str, object]:
    """Stream the labels into OME-Zarr once their cube is there to compare them with."""
    labels = Labels.objects.select_related("cube__study").get(pk=ctx.params["labels_id"])
    cube = labels.cube
    if cube.state == VolumeState.FAILED:
        raise UserError(f"The cube “{cube.name}” could not be read, so its labels are not either.")
    if cube.state != VolumeState.READY:
        raise TransientError(f"the cube {cube.pk} is still being read")
    Labels.objects.filter(pk=labels.pk).update(state=VolumeState.INGESTING)
    asked = labels.source
    uri = f"labels/{labels.pk}.zarr"
    mapping = labels.mapping.get("map")
    try:
        source = open_source(asked["path"], dataset=asked.get("dataset"), axes=asked.get("axes"))
        try:
            result = ingest_labels(
                source if labels.slices is None else OnlySlices(source, labels.slices),
                location(uri),
                cube_shape=tuple(cube.shape),
                voxel_size=reader_of(cube).voxel_size,
                mapping=None if mapping is None else {int(k): int(v) for k, v in mapping.items()},
                others=asked.get("others"),
                name=labels.name,
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
    with ctx.effect():
        services.labels_ready(labels, uri=uri, dtype=result.dtype, checksum=result.checksum)
        ctx.finish({"ids": result.ids})
        after_job(cube.study)
    return {}
