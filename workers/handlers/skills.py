"""Learn volunteers' skills from finished tasks."""

from lamella.consensus.learning import refresh_skills
from workers.runner import JobContext, handler


@handler("skills")
def run(ctx: JobContext) -> dict[str, object]:
    # Safe to do twice: a task that was learned from is passed over.
    learned = 0
    while (version := refresh_skills()) is not None:
        learned += version.tasks
        ctx.check()
    return {"tasks": learned}
