"""Taking somebody's masks of a study out of use for a while. Nothing of theirs is ever deleted.

In quarantine their masks do not count, and their tasks are asked again; they are still given
practice, on which they can show that it was wrong. (Pausing, after which they get no tasks and what
they made counts on, is in `participation`.)
"""

from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from lamella.accounts.models import User, Volunteer
from lamella.annotation.counting import free_places, recount, take_places
from lamella.annotation.models import Correction, Quarantine
from lamella.annotation.practice import settle
from lamella.studies.models import Study


class HoldError(Exception):
    """Somebody cannot be held back, or let go; the text says why in one sentence."""


def held_back(study_id: int, volunteer_id: UUID) -> Quarantine | None:
    """The quarantine that somebody is in now."""
    return _live().filter(study_id=study_id, volunteer_id=volunteer_id).first()


def _live() -> QuerySet[Quarantine]:
    return Quarantine.objects.filter(lifted__isnull=True)


def quarantine(
    study: Study, volunteer: Volunteer, *, reason: str = "", by: User | None = None
) -> Quarantine:
    """Take somebody's masks of a study out of use until a manager says otherwise.

    by: None for the platform itself. Raises HoldError where they are in quarantine already.
    """
    with transaction.atomic():
        if held_back(study.pk, volunteer.pk):
            raise HoldError("This volunteer is in quarantine already.")
        made = Quarantine.objects.create(
            study=study,
            volunteer=volunteer,
            reason=reason.strip()[:300],
            by=by,
            automatic=by is None,
        )
        Correction.objects.filter(
            volunteer=volunteer, task__study=study, quarantine__isnull=True
        ).update(quarantine=made)
        free_places(study, volunteer)
        # After the places, as where a mask comes in: the other way round two wait for each other.
        settle(study.pk, volunteer.pk)
        recount(study, volunteer)
    return made


def let_go(study: Study, volunteer_id: UUID, *, by: User) -> None:
    """End somebody's quarantine: their masks count again. Raises HoldError where there is none."""
    with transaction.atomic():
        held = held_back(study.pk, volunteer_id)
        now = {"lifted": timezone.now(), "lifted_by": by}
        if held is None or not _live().filter(pk=held.pk).update(**now):
            raise HoldError("This volunteer is not in quarantine.")
        Correction.objects.filter(quarantine=held).update(quarantine=None)
        take_places(study, held.volunteer)
        settle(study.pk, held.volunteer_id)
        recount(study, held.volunteer)
