"""Versions that a training run may start from, and how people are told of them."""

from dataclasses import dataclass

from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Value, When
from django.utils.translation import gettext as _

from lamella.learning.models import ModelVersion, TrainingRun
from lamella.studies.access import (
    NotVisibleError,
    Person,
    administered_studies,
    visible_studies,
)
from lamella.studies.models import Study

KINDS = (ModelVersion.Kind.TRAINED, ModelVersion.Kind.PRETRAINED)


def origins_for(user: Person, study: Study) -> QuerySet[ModelVersion]:
    """What a run of ``study`` may start from if this person starts it.

    Versions with weights of the study itself, which come first, and of the studies that the person
    administers; each study's newest first.
    """
    here = Q(study=study)
    return (
        ModelVersion.objects.filter(here | Q(study__in=administered_studies(user)), kind__in=KINDS)
        .exclude(checkpoint="")
        .select_related("study")
        .order_by(
            Case(When(here, then=Value(0)), default=Value(1)), "study__title", "study", "-number"
        )
    )


def origin_for(user: Person, study: Study, pk: int) -> ModelVersion:
    """One of them. Raises NotVisibleError, for what is out of reach as for what is not there."""
    found = origins_for(user, study).filter(pk=pk).first()
    if found is None:
        raise NotVisibleError
    return found


@dataclass(frozen=True)
class Origin:
    """Where a run's weights are from, as far as a person may know: both None where not at all."""

    version: ModelVersion | None
    study: Study | None
    gone: bool = False
    """The version was deleted since."""

    def __str__(self) -> str:
        if self.gone:
            return _("a version that is gone")
        if self.version is None or self.study is None:
            return _("a version of another study")
        return _("version %(number)s of %(study)s") % {
            "number": self.version.number,
            "study": self.study.title,
        }


def origin_seen(viewer: Person, way: str = "origin") -> Exists:
    """Whether the viewer may see the study of a run's origin; ``way`` leads to the origin."""
    return Exists(visible_studies(viewer).filter(pk=OuterRef(f"{way}__study")))


def origin_of(run: TrainingRun, *, had: bool, seen: bool) -> Origin | None:
    """The run's origin, None where it has none. No query, with ``origin__study`` selected.

    Of another study's version a person learns which it is only if they may see that study.
    had: the run's snapshot tells of one, also where that is gone; seen: see `origin_seen`.
    """
    version = run.origin
    if version is None:
        return Origin(None, None, gone=True) if had else None
    if seen or version.study_id == run.study_id:
        return Origin(version, version.study)
    return Origin(None, None)
