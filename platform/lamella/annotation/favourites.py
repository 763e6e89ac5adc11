"""Slices that a volunteer likes."""

from django.db.models import QuerySet

from lamella.accounts.models import User, Volunteer
from lamella.annotation.models import Favourite
from lamella.rounds.models import Task
from lamella.studies.access import visible_studies


def keep(volunteer: Volunteer, task: Task) -> None:
    """Doing it twice changes nothing."""
    Favourite.objects.get_or_create(volunteer=volunteer, cube_id=task.cube_id, z=task.z)


def drop(volunteer: Volunteer, task: Task) -> None:
    Favourite.objects.filter(volunteer=volunteer, cube_id=task.cube_id, z=task.z).delete()


def favourites_of(person: User, limit: int = 24) -> QuerySet[Favourite]:
    """The newest, of studies that the person may still see."""
    return Favourite.objects.filter(
        volunteer__user=person, cube__study__in=visible_studies(person)
    ).select_related("cube__study")[:limit]
