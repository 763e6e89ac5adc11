"""Leaving for good: the account goes, the marks stay under a pseudonym or are withdrawn."""

from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from lamella.accounts.models import User
from lamella.accounts.services import erase
from lamella.annotation.counting import withdraw_all


class Marks(models.TextChoices):
    """What shall become of the marks of a person who leaves."""

    KEEP = "keep", _("Keep them in the studies, under a pseudonym that leads to nobody")
    WITHDRAW = "withdraw", _("Withdraw them: what was agreed with their help is worked out again")


@transaction.atomic
def leave(user: User, marks: Marks) -> None:
    """Delete an account."""
    pseudonym = erase(user)
    if marks == Marks.WITHDRAW and pseudonym is not None:
        withdraw_all(pseudonym)
