"""Write an export: the final mask of a cube, joined along z, and where each voxel comes from."""

import json
import shutil

from lamella.consensus.final import FinalMask
from lamella.cubes.store import location, work_folder
from lamella.exchange import provenance, services, writing
from lamella.exchange.models import Export
from lamella.jobs.errors import UserError
from lamella.volumes.errors import StoreError
from lamella.volumes.omezarr_meta import Version
from lamella.volumes.storage import Location
from workers.runner import JobContext, handler

_VERSIONS: dict[str, Version] = {
    Export.Format.OME_ZARR_04: "0.4",
    Export.Format.OME_ZARR_05: "0.5",
    Export.Format.TIFF: "0.5",  # on its way to the TIFF
}


@handler("export")
def run(ctx: JobContext) -> dict[str, object]:
    """Stream the mask out; an export that was broken off is begun anew."""
    export = Export.objects.select_related("cube__study").get(pk=ctx.params["export_id"])
    services.begin_export(export)
    folder = services.folder_uri(export)
    tiff = export.format == Export.Format.TIFF
    scratch = work_folder(f"exports/{export.pk}")
    uri = f"{folder}/labels.ome.tif" if tiff else f"{folder}/labels.ome.zarr"
    labels = Location(str(scratch / "labels.zarr")) if tiff else location(uri)
    final = FinalMask(export.cube)
    try:
        written = writing.write_omezarr(
            final, labels, version=_VERSIONS[export.format], progress=ctx.progress
        )
        if tiff:
            file = scratch / "labels.ome.tif"
            writing.write_tiff(labels, file, export.cube, ctx.progress)
            location(uri).put(file)
        document = provenance.document(export, final, written)
        location(f"{folder}/provenance.json").write(json.dumps(document, indent=1).encode())
    except StoreError as error:
        raise UserError(str(error)) from error
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    with ctx.effect():
        services.finish_export(
            export, uri=uri, provenance=f"{folder}/provenance.json", figures=written.figures
        )
        ctx.finish({"export": str(export.pk)})
    return {}
