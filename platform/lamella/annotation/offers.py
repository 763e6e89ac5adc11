"""Which task a volunteer is given next, and the lease on it.

Every claim of a place is one conditional UPDATE whose row count is checked, so that however many
ask at once a task never has more live leases and submissions than its redundancy.
"""

import datetime
import uuid
from collections.abc import Callable

from django.db import IntegrityError, transaction
from django.db.models import Exists, F, OuterRef, QuerySet
from django.utils import timezone

from lamella.accounts.models import Volunteer
from lamella.annotation.models import Assignment
from lamella.annotation.proven import in_order_for
from lamella.annotation.routing import WINDOW, known_of, routed
from lamella.annotation.wishes import Wish, preferred
from lamella.rounds.models import Task
from lamella.rounds.services import next_best_tasks
from lamella.studies.models import Study, StudyState
from lamella.studies.policy import config_of
from models.config import PracticeConfig
from models.crowd.routing import practice_every
from models.crowd.skills import SkillEstimate

# Of tasks that somebody left, how many are tried.
_LEFT = 20

# What the choice among tasks looks at.
_CHOSEN_BY = ("id", "blind", "expected_error", "score", "places_taken", "redundancy")


def next_assignment(
    study: Study, volunteer: Volunteer, *, beyond_round: bool = True, wish: Wish = Wish.BEST
) -> Assignment | None:
    """A lease on the best task for this volunteer, or None when there is nothing left for them.

    In this order: the lease they already hold; with ``beyond_round``, every so many slices (fewer
    the better somebody is known to be), one on a gold task; of the open tasks they have not had one
    that they wish for, else of the most valuable the one on which their word counts most; one they
    left without submitting; with ``beyond_round`` the next best slices that the open round did not
    choose, and at last practice on a gold task. Somebody in quarantine is given practice alone.
    """
    if study.state != StudyState.OPEN or volunteer.paused:
        return None
    known = known_of(study, volunteer)
    if known.paused:
        return None
    held = _held(study, volunteer)
    if held is not None:
        return held
    if known.in_quarantine:
        return _practice(study, volunteer)
    if beyond_round and _practice_is_due(study, volunteer, known.skill):
        lease = _practice(study, volunteer)
        if lease is not None:
            return lease
    lease = _first_free(study, volunteer, wish, known.skill) or _take_up_again(study, volunteer)
    if lease is not None or not beyond_round:
        return lease
    if next_best_tasks(study):
        lease = _first_free(study, volunteer, wish, known.skill)
    return lease or _practice(study, volunteer)


def _held(study: Study, volunteer: Volunteer) -> Assignment | None:
    return (
        Assignment.objects.select_related("task")
        .filter(
            volunteer=volunteer,
            task__study=study,
            # Others may have agreed on it meanwhile; a retired task is shown to nobody.
            task__state=Task.State.OPEN,
            state=Assignment.State.LEASED,
            lease_until__gt=timezone.now(),
        )
        .order_by("created")
        .first()
    )


def offered(study: Study) -> QuerySet[Task]:
    """Open tasks with a free place, best first."""
    return (
        Task.objects.filter(study=study, state=Task.State.OPEN, places_taken__lt=F("redundancy"))
        .exclude(kind=Task.Kind.GOLD)
        .order_by("-priority", "id")
    )


def _first_free(
    study: Study, volunteer: Volunteer, wish: Wish, skill: SkillEstimate | None
) -> Assignment | None:
    had = Assignment.objects.filter(task=OuterRef("pk"), volunteer=volunteer)
    free = in_order_for(study, volunteer, offered(study).filter(~Exists(had)))
    wished = preferred(wish, study, volunteer, free)
    if wished is not None:
        lease = _first_of(wished, volunteer, lambda tasks: tasks)
        if lease is not None:
            return lease
    return _first_of(free, volunteer, lambda tasks: routed(study, tasks, skill))


def _first_of(
    tasks: QuerySet[Task], volunteer: Volunteer, order: Callable[[list[Task]], list[Task]]
) -> Assignment | None:
    while True:
        batch = list(tasks.only(*_CHOSEN_BY)[:WINDOW])
        for task in order(batch):
            lease = _lease(task, volunteer)
            if lease is not None:
                return lease
        # A full batch that others emptied: look again; anything less was all there is.
        if len(batch) < WINDOW:
            return None


def _lease(task: Task, volunteer: Volunteer) -> Assignment | None:
    try:
        with transaction.atomic():
            if not take_place(task.pk):
                return None
            # With what the page is told of a task; what a round was chosen from may be large.
            whole = Task.objects.select_related("study", "cube__study", "proposal", "round")
            task = whole.defer("round__selection", "round__figures").get(pk=task.pk)
            return Assignment.objects.create(
                task=task, volunteer=volunteer, lease_until=_lease_end(task)
            )
    except IntegrityError:
        # The same volunteer was given this task by another request a moment ago.
        return None


def take_place(task_id: int) -> bool:
    """Fill one of an open task's places, if one is free."""
    return bool(
        Task.objects.filter(
            pk=task_id, state=Task.State.OPEN, places_taken__lt=F("redundancy")
        ).update(places_taken=F("places_taken") + 1)
    )


def free_place(task_id: int) -> None:
    Task.objects.filter(pk=task_id, places_taken__gt=0).update(places_taken=F("places_taken") - 1)


def _take_up_again(study: Study, volunteer: Volunteer) -> Assignment | None:
    """A task this volunteer once had and left: the same assignment goes on, if a place is free."""
    left = (
        Assignment.objects.select_related("task")
        .filter(
            volunteer=volunteer,
            task__in=offered(study),
            state__in=[Assignment.State.EXPIRED, Assignment.State.RELEASED],
        )
        .order_by("-task__priority")
    )
    for assignment in left[:_LEFT]:
        if _lease_again(assignment):
            assignment.refresh_from_db()
            return assignment
    return None


def _lease_again(assignment: Assignment) -> bool:
    with transaction.atomic():
        if not take_place(assignment.task_id):
            return False
        taken = Assignment.objects.filter(
            pk=assignment.pk,
            state__in=[Assignment.State.EXPIRED, Assignment.State.RELEASED],
        ).update(
            state=Assignment.State.LEASED,
            holds_place=True,
            lease_until=_lease_end(assignment.task),
            ended=None,
        )
        if not taken:
            transaction.set_rollback(True)
        return bool(taken)


def _practice_is_due(study: Study, volunteer: Volunteer, skill: SkillEstimate | None) -> bool:
    """Whether the volunteer has handed in enough slices since the last one of practice."""
    between = practice_every(skill, config_of(study, PracticeConfig, "practice")) - 1
    latest = (
        Assignment.objects.filter(
            volunteer=volunteer, task__study=study, state=Assignment.State.SUBMITTED
        )
        .order_by("-ended")
        .values_list("practice", flat=True)[:between]
    )
    return len(latest) == between and not any(latest)


def _practice(study: Study, volunteer: Volunteer) -> Assignment | None:
    had = Assignment.objects.filter(task=OuterRef("pk"), volunteer=volunteer)
    task = (
        Task.objects.filter(study=study, kind=Task.Kind.GOLD, state=Task.State.OPEN)
        .filter(~Exists(had))
        .order_by("id")
        .first()
    )
    if task is None:
        return None
    return Assignment.objects.get_or_create(
        task=task,
        volunteer=volunteer,
        defaults={"practice": True, "holds_place": False, "lease_until": _lease_end(task)},
    )[0]


def _lease_end(task: Task) -> datetime.datetime:
    return timezone.now() + datetime.timedelta(minutes=task.study.lease_minutes)


def renew(assignment: Assignment) -> datetime.datetime | None:
    """Prolong a live lease; None when it has run out meanwhile."""
    until = _lease_end(assignment.task)
    renewed = Assignment.objects.filter(
        pk=assignment.pk, state=Assignment.State.LEASED, lease_until__gt=timezone.now()
    ).update(lease_until=until)
    return until if renewed else None


def release(assignment: Assignment) -> None:
    """Give a task back without a mask."""
    _end(assignment.pk, Assignment.State.RELEASED)


def expire_leases(now: datetime.datetime | None = None) -> int:
    """Free the places of leases that ran out; returns how many did."""
    over = Assignment.objects.filter(
        state=Assignment.State.LEASED, lease_until__lte=now or timezone.now()
    ).values_list("pk", flat=True)
    return sum(_end(pk, Assignment.State.EXPIRED) for pk in list(over[:500]))


def _end(assignment_id: uuid.UUID, state: Assignment.State) -> bool:
    with transaction.atomic():
        leased = Assignment.objects.filter(pk=assignment_id, state=Assignment.State.LEASED)
        if state == Assignment.State.EXPIRED:
            leased = leased.filter(lease_until__lte=timezone.now())
        row = leased.values("task_id", "holds_place").first()
        if row is None or not leased.update(state=state, holds_place=False, ended=timezone.now()):
            return False
        if row["holds_place"]:
            free_place(row["task_id"])
        return True
