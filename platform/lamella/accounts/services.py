"""What changes accounts."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction

from lamella.accounts.models import User, Volunteer


def change_profile(user: User, **changes: str) -> None:
    """Change the credit name, the mail address, how often mails come and the language.

    Raises ValidationError.
    """
    if changes.get("language") and changes["language"] not in dict(settings.LANGUAGES):
        raise ValidationError("The pages do not speak that language; choose another one.")
    for name, value in changes.items():
        setattr(user, name, value.strip())
    others = {field.name for field in User._meta.fields} - changes.keys()
    user.full_clean(exclude=others, validate_unique=False)
    user.save(update_fields=sorted(changes))


def check_password(user: User, password: str) -> None:
    """Raises ValidationError unless the password is the person's, who is about to leave."""
    if not user.check_password(password):
        raise ValidationError("This is not your password, so nothing was deleted; try again.")


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
