"""What changes studies and their members."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.text import slugify

from lamella.accounts.models import User
from lamella.studies.models import LabelClass, Membership, Role, Study, StudyState

# Okabe and Ito's colours, told apart by colour-blind eyes; the first is the default of a class.
CLASS_COLORS = ("#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7")


@dataclass(frozen=True)
class ClassSpec:
    value: int
    name: str
    color: str = ""


@transaction.atomic
def create_study(
    *,
    title: str,
    question: str,
    by: User | None,
    classes: Sequence[ClassSpec] = (ClassSpec(1, "object"),),
    **policy: Any,
) -> Study:
    """A new study in draft; whoever makes it is its admin. ``policy`` are fields of Study."""
    study = Study(title=title, question=question, slug=_free_slug(title), **policy)
    study.full_clean()
    study.save()
    for index, spec in enumerate(classes):
        label = LabelClass(
            study=study,
            value=spec.value,
            name=spec.name,
            color=spec.color or CLASS_COLORS[index % len(CLASS_COLORS)],
        )
        label.full_clean()
        label.save()
    if by is not None:
        Membership.objects.create(study=study, user=by, role=Role.ADMIN)
    return study


def _free_slug(title: str) -> str:
    base = slugify(title)[:50] or "study"
    taken = set(Study.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    slug, n = base, 2
    while slug in taken:
        slug, n = f"{base}-{n}", n + 1
    return slug


def set_state(study: Study, state: StudyState) -> None:
    Study.objects.filter(pk=study.pk).update(state=state)
    study.state = state


def add_member(study: Study, user: User, role: Role) -> Membership:
    """Give a person a role; their earlier role in the study is replaced."""
    return Membership.objects.update_or_create(study=study, user=user, defaults={"role": role})[0]


def remove_member(study: Study, user: User) -> None:
    Membership.objects.filter(study=study, user=user).delete()
