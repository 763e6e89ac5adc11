"""What changes accounts."""

from django.db import transaction

from lamella.accounts.models import User, Volunteer


@transaction.atomic
def erase(user: User) -> Volunteer | None:
    """Remove a person: name, mail address and account go; their marks stay under the pseudonym.

    Returns the pseudonym, so that a caller can withdraw the marks as well, if the person asked.
    """
    volunteer = Volunteer.objects.filter(user=user).first()
    if volunteer is not None:
        Volunteer.objects.filter(pk=volunteer.pk).update(user=None, session_hash=None)
    user.delete()
    return volunteer


def pause_volunteer(volunteer: Volunteer, *, paused: bool) -> None:
    Volunteer.objects.filter(pk=volunteer.pk).update(paused=paused)
