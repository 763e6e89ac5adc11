"""The review queue: which agreed masks wait for a manager, the doubtful first."""

from typing import Any

from django.db.models import (
    Avg,
    Count,
    Exists,
    F,
    FloatField,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Value,
)
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Coalesce, Greatest, Least

from lamella.annotation.models import Correction
from lamella.consensus.models import Consensus, Verdict
from lamella.rounds.models import Task
from lamella.studies.models import Study

CONTESTED_BELOW = 0.8
"""Mean pairwise Dice below which volunteers are said to disagree."""

CONTESTED = Q(agreement__lt=CONTESTED_BELOW)


def waiting_for_review(study: Study) -> QuerySet[Consensus]:
    """Current consensuses that no manager has judged, or that a rollback put in doubt.

    Ordered by risk: what was marked for review, then the sum of disagreement (0 to 1) and the
    task's expected error where one is known. ``remarked``: somebody said that it was hard, or left
    a comment.
    """
    waiting = Q(task__state=Task.State.RETIRED) | Q(needs_review=True)
    return (
        Consensus.objects.filter(waiting, task__study=study, current=True)
        .exclude(task__kind=Task.Kind.GOLD)
        .annotate(risk=risk(), remarked=remarked())
        .order_by("-needs_review", "-risk", "id")
    )


def remarked() -> Exists:
    """Whether somebody said of a consensus's task that it was hard, or left a comment."""
    said = Correction.objects.filter(task=OuterRef("task"), withdrawn__isnull=True)
    return Exists(said.exclude(flag="", comment=""))


def risk() -> CombinedExpression:
    """Disagreement plus the score a task was chosen by, each 0 to 1: a number that only orders."""
    score = Coalesce(F("task__score"), Value(0.0), output_field=FloatField())
    bounded = Least(Greatest(score, Value(0.0)), Value(1.0))
    return bounded + (Value(1.0) - F("agreement"))


def review_counts(study: Study) -> dict[str, int]:
    """{"waiting", "contested", "doubted", "remarked"}: one query."""
    counts = (
        waiting_for_review(study)
        .order_by()
        .aggregate(
            waiting=Count("pk"),
            contested=Count("pk", filter=CONTESTED),
            doubted=Count("pk", filter=Q(needs_review=True)),
            # Not by the annotation's own name, which would mean itself.
            said=Count("pk", filter=Q(remarked=True)),
        )
    )
    said = counts.pop("said")
    return {**counts, "remarked": said}


def bulk(study: Study, agreement: float) -> QuerySet[Consensus]:
    """What a bulk accept takes: nobody's doubt, no word unread, and at least so much agreement."""
    doubtless = waiting_for_review(study).filter(agreement__gte=agreement, needs_review=False)
    return doubtless.filter(~remarked())


def bulk_figures(study: Study, agreement: float) -> dict[str, Any]:
    """{"count", "lowest", "mean", "changed_share"} of what a bulk accept would take."""
    return (
        bulk(study, agreement)
        .order_by()
        .aggregate(
            count=Count("pk"),
            lowest=Min("agreement"),
            mean=Avg("agreement"),
            changed_share=Avg("changed_share"),
        )
    )


def judged(study: Study) -> QuerySet[Verdict]:
    """Verdicts that stand, the latest first."""
    return (
        Verdict.objects.filter(consensus__task__study=study, undone__isnull=True)
        .select_related("consensus__task__cube", "manager")
        .order_by("-created", "-pk")
    )
