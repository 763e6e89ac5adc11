"""What a study is made with and what of it can be changed, for forms and programs alike."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from lamella.studies.models import Study
from models.selection.registry import FOR_STUDIES

# Okabe and Ito's colours, told apart by colour-blind eyes; the first is the default of a class.
CLASS_COLORS = ("#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7")
# As many as people are asked to tell apart.
MOST_CLASSES = len(CLASS_COLORS)

DEFAULT_GUIDE = gettext_noop("""\
## What to mark

Say in one sentence what belongs to the object and what does not.

## Where it is hard

Describe one or two look-alikes, and how to tell them apart.

Practice and test slices with a known answer are mixed in; they help us and you to see how well \
it goes.
""")

# Fields of Study that its admins change while it runs.
CHANGEABLE = frozenset(
    {
        "title",
        "question",
        "guide",
        "tutorial",
        "consent_text",
        "consent_version",
        "public",
        "anonymous",
        "redundancy",
        "target_dice",
        "strategy",
        "aggregator",
        "round_share",
        "audit_share",
        "max_rounds",
        "lease_minutes",
    }
)


class Visibility(models.TextChoices):
    """Who may take part; stored as the two fields ``public`` and ``anonymous``."""

    MEMBERS = "members", _("Members only")
    ACCOUNTS = "accounts", _("Everybody may look, people with an account may help")
    EVERYBODY = "everybody", _("Everybody may look and help, without an account too")


def visibility_fields(choice: str) -> dict[str, bool]:
    return {
        "public": choice != Visibility.MEMBERS,
        "anonymous": choice == Visibility.EVERYBODY,
    }


def visibility_of(study: Study) -> Visibility:
    if not study.public:
        return Visibility.MEMBERS
    return Visibility.EVERYBODY if study.anonymous else Visibility.ACCOUNTS


@dataclass(frozen=True)
class ClassSpec:
    value: int
    name: str
    color: str = ""


def numbered(rows: Sequence[tuple[str, str]]) -> list[ClassSpec]:
    """(name, colour) of each class, in order, as classes with the values 1, 2, 3, …"""
    return [ClassSpec(value, name.strip(), color) for value, (name, color) in enumerate(rows, 1)]


def check_classes(classes: Sequence[ClassSpec]) -> None:
    """Raises ValidationError unless there are classes, each with a name of its own."""
    if not classes:
        raise ValidationError("Name at least one class: what is it that people mark?")
    if len({spec.name.lower() for spec in classes}) < len(classes):
        raise ValidationError("Two classes have the same name; give each its own.")


def strategies_for(current: str) -> list[str]:
    """What a study's strategy may be set to; the one that it has may stay."""
    return list(dict.fromkeys([*FOR_STUDIES, current]))
