"""Whom a study thanks: everybody who handed something in, by name where they gave one."""

from dataclasses import dataclass

from django.db.models import Case, Count, Exists, OuterRef, Value, When, Window
from django.db.models.functions import Coalesce

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
    """One query. Practice counts, for it is work too; marks that were withdrawn do not."""
    marks = Correction.objects.filter(
        volunteer=OuterRef("pk"), task__study=study, withdrawn__isnull=True
    )
    people = list(
        Volunteer.objects.filter(Exists(marks))
        .annotate(given=Coalesce("user__credit_name", Value("")), many=Window(Count("pk")))
        # Names first: the first row, of whomever, tells how many people there are.
        .order_by(Case(When(given="", then=1), default=0), "given")
        .values_list("given", "many")[:MOST]
    )
    shown = [given for given, _ in people if given]
    return Credits(shown, people[0][1] - len(shown) if people else 0)
