"""The review queue: which agreed masks wait for a manager, the doubtful first."""

from django.db.models import Count, F, FloatField, Q, QuerySet, Value
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Coalesce

from lamella.consensus.models import Consensus, Verdict
from lamella.rounds.models import Task
from lamella.studies.models import Study

CONTESTED_BELOW = 0.8
"""Mean pairwise Dice below which volunteers are said to disagree."""

CONTESTED = Q(agreement__lt=CONTESTED_BELOW)


def waiting_for_review(study: Study) -> QuerySet[Consensus]:
    """Current consensuses that no manager has judged, or that a rollback put in doubt.

    Ordered by risk: what was marked for review, then the sum of disagreement (0 to 1) and the
    task's expected error where one is known.
    """
    waiting = Q(task__state=Task.State.RETIRED) | Q(needs_review=True)
    return (
        Consensus.objects.filter(waiting, task__study=study, current=True)
        .exclude(task__kind=Task.Kind.GOLD)
        .annotate(risk=risk())
        .order_by("-needs_review", "-risk", "id")
    )


def risk() -> CombinedExpression:
    """Disagreement plus expected error, a number that only orders."""
    return Coalesce(F("task__score"), Value(0.0), output_field=FloatField()) + (
        Value(1.0) - F("agreement")
    )


def review_counts(study: Study) -> dict[str, int]:
    """{"waiting", "contested", "doubted"}: one query."""
    return (
        waiting_for_review(study)
        .order_by()
        .aggregate(
            waiting=Count("pk"),
            contested=Count("pk", filter=CONTESTED),
            doubted=Count("pk", filter=Q(needs_review=True)),
        )
    )


def judged(study: Study) -> QuerySet[Verdict]:
    """Verdicts that stand, the latest first."""
    return (
        Verdict.objects.filter(consensus__task__study=study, undone__isnull=True)
        .select_related("consensus__task__cube", "manager")
        .order_by("-created", "-pk")
    )
