"""What rests on one volunteer's masks, worked out anew: consensus, skills, and retirement."""

from collections.abc import Callable
from uuid import UUID

from lamella.annotation.models import Correction
from lamella.consensus.models import Evidence
from lamella.consensus.recording import learn
from lamella.consensus.services import recompute
from lamella.rounds.models import Task


def recount(
    study_id: int,
    volunteer_id: UUID,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> int:
    """Bring every task of a study up to date that a volunteer handed something in for.

    Returns how many were looked at. Twice is harmless: what is current already stays.
    """
    made = Correction.objects.filter(volunteer=volunteer_id, task__study=study_id)
    gold = made.filter(task__kind=Task.Kind.GOLD).exclude(pk__in=made.counting().values("pk"))
    # A gold task tells of everybody apart, and has no consensus that would take its word back.
    Evidence.objects.filter(correction__in=gold).exclude(stale=True).update(stale=True)
    if Evidence.objects.filter(volunteer=volunteer_id, stale=True).exists():
        learn()
    work = made.exclude(task__kind=Task.Kind.GOLD)
    tasks = list(work.order_by("task_id").values_list("task_id", flat=True).distinct())
    for done, task_id in enumerate(tasks, 1):
        recompute(task_id)
        progress(done, len(tasks))
    return len(tasks)
