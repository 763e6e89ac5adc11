"""Turn the loop: take the steps that a study's situation asks for."""

from lamella.loop.services import advance
from workers.runner import JobContext, handler


@handler("advance")
def run(ctx: JobContext) -> dict[str, object]:
    steps = advance(int(ctx.params["study_id"]), check=ctx.check)
    return {"steps": [step.value for step in steps]}
