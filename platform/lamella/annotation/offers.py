"""Which task a volunteer is given next, and the lease on it."""

import datetime
import uuid
from collections.abc import Callable

from django.db import transaction
from django.db.models import Exists, F, OuterRef, QuerySet
from django.utils import timezone

from lamella.accounts.models import Volunteer
from lamella.annotation.known import Known, known_of
from lamella.annotation.models import Assignment
from lamella.annotation.places import free_place, lease, take_place
from lamella.annotation.proven import in_order_for
from lamella.annotation.routing import WINDOW, Free, routed
from lamella.annotation.wishes import Wish, preferred
from lamella.rounds.models import Task
from lamella.rounds.services import next_best_tasks
from lamella.studies.models import Study, StudyState
from lamella.studies.policy import config_of
from models.config import PracticeConfig
from models.crowd.routing import practice_every

# Of tasks that somebody left, how many are tried.
_LEFT = 20


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
    return next_for(study, known_of(study, volunteer), beyond_round=beyond_round, wish=wish)


def next_for(
    study: Study, known: Known, *, beyond_round: bool = True, wish: Wish = Wish.BEST
) -> Assignment | None:
    """`next_assignment` for a volunteer of whom is known already what offers ask."""
    if study.state != StudyState.OPEN or known.paused:
        return None
    if known.held is not None:
        # It may have ended since.
        held = Assignment.objects.filter(pk=known.held, state=Assignment.State.LEASED).first()
        if held is not None:
            return held
    volunteer = known.volunteer
    if known.in_quarantine:
        return _practice(study, volunteer)
    if beyond_round and _practice_is_due(study, known):
        found = _practice(study, volunteer)
        if found is not None:
            return found
    found = _first_free(study, known, wish) or _take_up_again(study, volunteer)
    if found is not None or not beyond_round:
        return found
    if next_best_tasks(study):
        found = _first_free(study, known, wish)
    return found or _practice(study, volunteer)


def offered(study: Study) -> QuerySet[Task]:
    """Open tasks with a free place, best first."""
    return (
        Task.objects.filter(study=study, state=Task.State.OPEN, places_taken__lt=F("redundancy"))
        .exclude(kind=Task.Kind.GOLD)
        .order_by("-priority", "id")
    )


def _first_free(study: Study, known: Known, wish: Wish) -> Assignment | None:
    volunteer = known.volunteer
    had = Assignment.objects.filter(task=OuterRef("pk"), volunteer=volunteer)
    free = in_order_for(study, known, offered(study).filter(~Exists(had)))
    wished = preferred(wish, study, volunteer, free)
    if wished is not None:
        found = _first_of(study, wished, volunteer, lambda tasks: tasks)
        if found is not None:
            return found
    return _first_of(study, free, volunteer, lambda tasks: routed(study, tasks, known.skill))


def _first_of(
    study: Study,
    tasks: QuerySet[Task],
    volunteer: Volunteer,
    order: Callable[[list[Free]], list[Free]],
) -> Assignment | None:
    while True:
        batch = [Free(*row) for row in tasks.values_list(*Free._fields)[:WINDOW]]
        for task in order(batch):
            found = lease(task.id, volunteer, _lease_end(study))
            if found is not None:
                return found
        # A full batch that others emptied: look again; anything less was all there is.
        if len(batch) < WINDOW:
            return None


def _take_up_again(study: Study, volunteer: Volunteer) -> Assignment | None:
    """A task this volunteer once had and left: the same assignment goes on, if a place is free."""
    left = Assignment.objects.filter(
        volunteer=volunteer,
        task__in=offered(study),
        state__in=[Assignment.State.EXPIRED, Assignment.State.RELEASED],
    ).order_by("-task__priority")
    for assignment in left[:_LEFT]:
        if _lease_again(study, assignment):
            assignment.refresh_from_db()
            return assignment
    return None


def _lease_again(study: Study, assignment: Assignment) -> bool:
    with transaction.atomic():
        if not take_place(assignment.task_id):
            return False
        taken = Assignment.objects.filter(
            pk=assignment.pk,
            state__in=[Assignment.State.EXPIRED, Assignment.State.RELEASED],
        ).update(
            state=Assignment.State.LEASED,
            holds_place=True,
            lease_until=_lease_end(study),
            ended=None,
        )
        if not taken:
            transaction.set_rollback(True)
        return bool(taken)


def _practice_is_due(study: Study, known: Known) -> bool:
    """Whether the volunteer has handed in enough slices since the last one of practice."""
    every = practice_every(known.skill, config_of(study, PracticeConfig, "practice"))
    return known.since_practice >= every - 1


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
        defaults={"practice": True, "holds_place": False, "lease_until": _lease_end(study)},
    )[0]


def _lease_end(study: Study) -> datetime.datetime:
    return timezone.now() + datetime.timedelta(minutes=study.lease_minutes)


def renew(assignment: Assignment) -> datetime.datetime | None:
    """Prolong a live lease; None when it has run out meanwhile."""
    until = _lease_end(assignment.task.study)
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
