"""What a volunteer would rather be given. A wish prefers tasks; it opens none and bars none."""

from enum import StrEnum

from django.db.models import QuerySet

from lamella.accounts.models import Volunteer
from lamella.annotation.models import Assignment
from lamella.rounds.models import Task
from lamella.studies.models import Study


class Wish(StrEnum):
    BEST = "any"
    """Whatever helps the study most."""
    FAMILIAR = "familiar"
    """The cube that they handed in a slice of last."""
    EASY = "easy"
    """Where the machine doubts itself least."""


def preferred(
    wish: Wish, study: Study, volunteer: Volunteer, tasks: QuerySet[Task]
) -> QuerySet[Task] | None:
    """Those of ``tasks`` that fulfil the wish, in its order; None where it asks for nothing.

    Blind tasks are left to the order of value: what certifies a cube must not depend on taste.
    """
    if wish == Wish.FAMILIAR:
        cube = (
            Assignment.objects.filter(
                volunteer=volunteer, task__study=study, state=Assignment.State.SUBMITTED
            )
            .order_by("-ended")
            .values_list("task__cube_id", flat=True)
            .first()
        )
        return None if cube is None else tasks.filter(blind=False, cube_id=cube)
    if wish == Wish.EASY:
        return tasks.filter(blind=False).order_by("priority", "id")
    return None
