"""Work out anew what rests on a volunteer's masks: some count no longer, or count again."""

from uuid import UUID

from lamella.consensus.recounting import recount
from workers.runner import JobContext, handler


@handler("recount")
def run(ctx: JobContext) -> dict[str, object]:
    # Safe to do twice: what is up to date stays as it is.
    looked_at = recount(
        int(ctx.params["study_id"]),
        UUID(str(ctx.params["volunteer_id"])),
        lambda done, total: ctx.progress(done, total),
    )
    return {"tasks": looked_at}
