"""Count anew what the pages tell of a large study."""

from lamella.loop.counts import refresh
from lamella.studies.models import Study
from workers.runner import JobContext, handler


@handler("counts")
def run(ctx: JobContext) -> dict[str, object]:
    refresh(Study.objects.get(pk=ctx.params["study_id"]))
    return {}
