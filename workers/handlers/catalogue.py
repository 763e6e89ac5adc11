"""List the objects of a cube's final mask."""

from lamella.consensus.final import FinalMask
from lamella.cubes.models import Cube
from lamella.exchange import catalogues
from lamella.exchange.virtual import VirtualMask
from models.quality.catalogue import Catalogue
from workers.runner import JobContext, handler


@handler("catalogue")
def run(ctx: JobContext) -> dict[str, object]:
    """One pass over the mask, slice by slice."""
    cube = Cube.objects.select_related("study").get(pk=ctx.params["cube_id"])
    mark = VirtualMask(cube).mark
    final = FinalMask(cube)
    certainty = catalogues.Certainty(final)
    catalogue = Catalogue()
    for z in range(cube.depth):
        labels = final.slice(z)
        catalogue.add(labels, certainty.slice(z, labels))
        ctx.progress(z + 1, cube.depth, f"slice {z + 1} of {cube.depth}")
    table, doubt = catalogue.objects()
    with ctx.effect():
        catalogues.keep(cube, mark, table, doubt)
        ctx.finish({"objects": len(table)})
    return {}
