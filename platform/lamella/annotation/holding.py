"""Holding somebody back in a study, and letting them go on. Nothing of theirs is ever deleted.

Paused, they get no tasks. In quarantine their masks do not count either, and their tasks are asked
again; they are still given practice, on which they can show that they were held back wrongly.
"""

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from lamella.accounts.models import User, Volunteer
from lamella.annotation.counting import free_places, recount, take_places
from lamella.annotation.models import Correction, Hold
from lamella.studies.models import Study


class HoldError(Exception):
    """Somebody cannot be held back, or let go; the text says why in one sentence."""


def held_back(study_id: int, volunteer_id: UUID) -> Hold | None:
    """What holds somebody back in a study now."""
    return Hold.objects.filter(
        study_id=study_id, volunteer_id=volunteer_id, lifted__isnull=True
    ).first()


def pause(study: Study, volunteer: Volunteer, *, reason: str, by: User) -> Hold:
    """Give somebody no more tasks of a study. Raises HoldError."""
    with transaction.atomic():
        if held_back(study.pk, volunteer.pk):
            raise HoldError(
                "This volunteer is held back already; let them go on first, then pause them."
            )
        return Hold.objects.create(
            study=study, volunteer=volunteer, kind=Hold.Kind.PAUSE, reason=reason[:300], by=by
        )


def quarantine(study: Study, volunteer: Volunteer, *, reason: str, by: User | None = None) -> Hold:
    """Take somebody's masks of a study out of use until a manager says otherwise.

    by: None for the platform itself. Somebody who was paused goes from pause to quarantine. Raises
    HoldError where they are in quarantine already.
    """
    with transaction.atomic():
        before = held_back(study.pk, volunteer.pk)
        if before is not None and before.kind == Hold.Kind.QUARANTINE:
            raise HoldError("This volunteer is in quarantine already.")
        if before is not None:
            _end(before, by)
        hold = Hold.objects.create(
            study=study,
            volunteer=volunteer,
            kind=Hold.Kind.QUARANTINE,
            reason=reason[:300],
            by=by,
            automatic=by is None,
        )
        made = Correction.objects.filter(volunteer=volunteer, task__study=study)
        made.filter(quarantine__isnull=True).update(quarantine=hold)
        free_places(study, volunteer)
        recount(study, volunteer)
    return hold


def hold_back(
    study: Study, volunteer: Volunteer, kind: Hold.Kind, *, reason: str, by: User
) -> Hold:
    """Pause somebody or put them in quarantine. Raises HoldError."""
    act = quarantine if kind == Hold.Kind.QUARANTINE else pause
    return act(study, volunteer, reason=reason.strip(), by=by)


def let_go_on(study: Study, volunteer_id: UUID, *, by: User) -> None:
    """End what holds somebody back. Raises HoldError where nothing does."""
    hold = held_back(study.pk, volunteer_id)
    if hold is None:
        raise HoldError("Nothing holds this volunteer back.")
    lift(hold, by)


def lift(hold: Hold, by: User) -> None:
    """Let somebody go on; what was out of use counts again. Raises HoldError if that was done."""
    with transaction.atomic():
        if not _end(hold, by):
            raise HoldError("This volunteer was let go on before.")
        if Correction.objects.filter(quarantine=hold).update(quarantine=None):
            take_places(hold.study, hold.volunteer)
            recount(hold.study, hold.volunteer)


def _end(hold: Hold, by: User | None) -> bool:
    live = Hold.objects.filter(pk=hold.pk, lifted__isnull=True)
    return bool(live.update(lifted=timezone.now(), lifted_by=by))
