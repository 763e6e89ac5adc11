"""Which of somebody's masks count: withdrawing them, and taking them out for a while.

Masks that no longer count give their places back, so that their tasks are asked again; what rests
on them is worked out anew by a job.
"""

from collections.abc import Sequence
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from lamella.accounts.models import Volunteer
from lamella.annotation import participation
from lamella.annotation.models import Assignment, Correction
from lamella.annotation.practice import settle
from lamella.jobs.services import enqueue
from lamella.rounds.models import Task
from lamella.studies.models import Study


def withdraw_all(volunteer: Volunteer) -> int:
    """Take a volunteer's masks out of use for good, as they asked."""
    marks = Correction.objects.filter(volunteer=volunteer, withdrawn__isnull=True)
    with transaction.atomic():
        studies = list(Study.objects.filter(pk__in=marks.values("task__study")).order_by("pk"))
        count = marks.update(withdrawn=timezone.now())
        for study in studies:
            free_places(study, volunteer)
        participation.recount(volunteer)
        for study in studies:
            settle(study.pk, volunteer.pk)
            recount(study, volunteer)
    return count


def withdraw(correction: Correction) -> bool:
    """Take one mask out of use for good; False where it was withdrawn before."""
    with transaction.atomic():
        if not Correction.objects.filter(pk=correction.pk, withdrawn__isnull=True).update(
            withdrawn=timezone.now()
        ):
            return False
        _free([correction.assignment_id])
        participation.recount(correction.volunteer)
        if correction.assignment.practice:
            settle(correction.task.study_id, correction.volunteer_id)
        recount(correction.task.study, correction.volunteer)
    return True


def free_places(study: Study, volunteer: Volunteer) -> None:
    """Give back the places that a volunteer's masks, and tasks in hand, fill in a study."""
    held = Assignment.objects.filter(volunteer=volunteer, task__study=study, holds_place=True)
    in_hand = held.filter(state=Assignment.State.LEASED)
    # Collected before anything changes, for each belongs to another task.
    ids = list(held.values_list("pk", flat=True))
    in_hand.update(state=Assignment.State.RELEASED, ended=timezone.now())
    _free(ids)


def _free(assignments: Sequence[UUID]) -> None:
    held = Assignment.objects.select_for_update().filter(pk__in=assignments, holds_place=True)
    tasks = list(held.values_list("task_id", flat=True))
    Assignment.objects.filter(pk__in=assignments).update(holds_place=False)
    # Nobody has a task twice, so each of these tasks loses one place.
    Task.objects.filter(pk__in=tasks, places_taken__gt=0).update(places_taken=F("places_taken") - 1)


def take_places(study: Study, volunteer: Volunteer) -> None:
    """Fill places with a volunteer's masks again, where there are free ones."""
    masks = Assignment.objects.filter(
        volunteer=volunteer,
        task__study=study,
        state=Assignment.State.SUBMITTED,
        practice=False,
        holds_place=False,
    )
    free = Task.objects.select_for_update().filter(
        pk__in=masks.values("task_id"), state=Task.State.OPEN, places_taken__lt=F("redundancy")
    )
    tasks = list(free.values_list("pk", flat=True))
    Task.objects.filter(pk__in=tasks).update(places_taken=F("places_taken") + 1)
    masks.filter(task_id__in=tasks).update(holds_place=True)


def recount(study: Study, volunteer: Volunteer) -> None:
    """Have what rests on a volunteer's masks in a study worked out anew."""
    enqueue(
        "recount",
        params={"study_id": study.pk, "volunteer_id": str(volunteer.pk)},
        scope=study.slug,
        key=f"recount:{study.pk}:{volunteer.pk}",
        again=True,
    )
