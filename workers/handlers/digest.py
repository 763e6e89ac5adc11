"""Mail a person what they have not seen in the page."""

from lamella.notices import digest
from workers.runner import JobContext, handler


@handler("digest")
def run(ctx: JobContext) -> dict[str, object]:
    # Safe to do twice: what was mailed is not unseen any more.
    return {"notices": digest.send(int(ctx.params["user_id"]))}
