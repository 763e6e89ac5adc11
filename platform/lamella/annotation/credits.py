"""Whom a study thanks: everybody who handed something in, by name where they gave one."""

from dataclasses import dataclass

from django.db.models import Exists, OuterRef

from lamella.accounts.models import Volunteer
from lamella.annotation.models import Correction
from lamella.studies.models import Study

MOST = 500
"""Names that a page shows at most."""


@dataclass(frozen=True)
class Credits:
    """names: in the order of the alphabet; others: how many people gave none, or found no room."""

    names: list[str]
    others: int


def credits_of(study: Study) -> Credits:
    """Two queries. Practice counts, for it is work too; marks that were withdrawn do not."""
    marks = Correction.objects.filter(
        volunteer=OuterRef("pk"), task__study=study, withdrawn__isnull=True
    )
    people = Volunteer.objects.filter(Exists(marks))
    named = people.exclude(user__isnull=True).exclude(user__credit_name="")
    names = named.order_by("user__credit_name").values_list("user__credit_name", flat=True)[:MOST]
    shown = [str(name) for name in names]
    return Credits(shown, people.count() - len(shown))
