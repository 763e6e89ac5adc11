"""What changes studies and their members."""

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.text import slugify

from lamella.accounts.models import User
from lamella.studies import hooks
from lamella.studies.models import LabelClass, LabelDtype, Membership, Role, Study, StudyState
from lamella.studies.plan import (
    CHANGEABLE,
    CLASS_COLORS,
    ClassSpec,
    check_classes,
    strategies_for,
)
from models.crowd.registry import AGGREGATORS


@transaction.atomic
def create_study(
    *,
    title: str,
    question: str,
    by: User | None,
    classes: Sequence[ClassSpec] = (ClassSpec(1, "object"),),
    **policy: Any,
) -> Study:
    """A new study in draft; whoever makes it is its admin. ``policy`` are fields of Study.

    Masks of more than 8 bits hold object ids, unless ``policy`` says otherwise. Raises
    ValidationError, which says what is wrong with which field.
    """
    check_classes(classes)
    policy.setdefault("instances", policy.get("label_dtype", "uint8") != LabelDtype.UINT8)
    study = Study(slug=_free_slug(title))
    _set(study, {"title": title, "question": question, **policy})
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


def change_settings(study: Study, changes: dict[str, Any]) -> None:
    """Change fields of Study that may change while it runs. Raises ValidationError."""
    unknown = changes.keys() - CHANGEABLE
    if unknown:
        raise ValueError(f"not to be changed: {', '.join(sorted(unknown))}")
    current = Study.objects.values_list("strategy", flat=True).get(pk=study.pk)
    wanted = changes.get("strategy", current)
    if wanted not in strategies_for(current):
        raise ValidationError(
            {
                "strategy": f"There is no strategy “{wanted}”; "
                f"choose one of {', '.join(strategies_for(current))}."
            }
        )
    if "aggregator" in changes:
        changes = {**changes, "settings": _with_aggregator(study, changes["aggregator"])}
        del changes["aggregator"]
    _set(study, changes)
    study.full_clean(exclude={field.name for field in Study._meta.fields} - changes.keys())
    study.save(update_fields=sorted(changes))


def _with_aggregator(study: Study, name: str) -> dict[str, Any]:
    """The study's settings with another aggregator."""
    if name not in AGGREGATORS:
        raise ValidationError(
            {
                "aggregator": f"There is no aggregator “{name}”; "
                f"choose one of {', '.join(sorted(AGGREGATORS))}."
            }
        )
    return {**study.settings, "aggregator": name}


def _set(study: Study, changes: dict[str, Any]) -> None:
    for name, value in changes.items():
        setattr(study, name, value.strip() if isinstance(value, str) else value)


@transaction.atomic
def set_state(study: Study, state: StudyState) -> None:
    if Study.objects.filter(pk=study.pk).exclude(state=state).update(state=state):
        hooks.state_changed(study, state)
    study.state = state


def add_member(study: Study, user: User, role: Role) -> Membership:
    """Give a person a role; their earlier role in the study is replaced."""
    return Membership.objects.update_or_create(study=study, user=user, defaults={"role": role})[0]


def remove_member(study: Study, user: User) -> None:
    Membership.objects.filter(study=study, user=user).delete()
