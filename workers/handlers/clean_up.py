"""Delete what nobody needs of a study, where asked to, and measure what is left."""

from lamella.loop.disk import clean, measure
from lamella.studies.models import Study
from workers.runner import JobContext, handler


@handler("clean_up")
def run(ctx: JobContext) -> dict[str, object]:
    study = Study.objects.get(pk=ctx.params["study_id"])
    freed = clean(study) if ctx.params["what"] == "delete" else 0
    ctx.check()
    return {"freed": freed, "bytes": sum(measure(study)["parts"].values())}
