"""Read labels of a cube into the store."""

from lamella.cubes import services
from lamella.cubes.models import Labels, VolumeState
from lamella.cubes.sources import open_source
from lamella.cubes.store import location
from lamella.cubes.volumes import reader_of
from lamella.jobs.errors import UserError
from lamella.loop.services import after_job
from lamella.volumes.errors import SourceError
from lamella.volumes.ingest import Stopped
from lamella.volumes.ingest_labels import ingest_labels
from workers.only_slices import OnlySlices
from workers.runner import JobContext, handler


@handler("import_labels")
def run(ctx: JobContext) -> dict[str, object]:
    """Stream the labels into OME-Zarr beside their cube."""
    labels = Labels.objects.select_related("cube__study").filter(pk=ctx.params["labels_id"]).first()
    if labels is None:
        raise UserError("The labels were removed before they were read.")
    cube = labels.cube
    Labels.objects.filter(pk=labels.pk).update(state=VolumeState.INGESTING)
    asked = labels.source
    uri = services.labels_uri(labels.pk)
    mapping = labels.mapping.get("map")
    try:
        source = open_source(asked)
        try:
            result = ingest_labels(
                source if labels.slices is None else OnlySlices(source, labels.slices),
                location(uri),
                cube_shape=tuple(cube.shape),
                voxel_size=reader_of(cube).voxel_size,
                mapping=None if mapping is None else {int(k): int(v) for k, v in mapping.items()},
                others=asked.get("others"),
                # Object ids that the study's masks have no place for are found here, not later.
                dtype=cube.study.label_dtype if cube.study.instances else None,
                # None leaves it to the source, which knows where Lamella wrote it.
                max_is_unsure=asked.get("max_is_unsure") or None,
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
