"""Bring a task's consensus up to date."""

from lamella.consensus.services import recompute
from workers.runner import JobContext, handler


@handler("consensus")
def run(ctx: JobContext) -> dict[str, object]:
    # Safe to do twice: the result depends on the corrections alone, and is stored once.
    consensus = recompute(int(ctx.params["task_id"]))
    return {"action": consensus.action if consensus else "none"}
