"""Hold model versions against each other."""

from lamella.loop.comparing import compare
from lamella.studies.models import Study
from workers.runner import JobContext, handler


@handler("compare")
def run(ctx: JobContext) -> dict[str, object]:
    return {"versions": len(compare(Study.objects.get(pk=ctx.params["study_id"]))["versions"])}
