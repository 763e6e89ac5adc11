"""What a consensus tells the review queue about its task: how doubtful it is, what it holds."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lamella.studies.models import Study

MOST_BITS = 62
"""Classes that a filter can tell apart; as many as fit a database's integer."""


def standing_of(
    *,
    agreement: float,
    expected_error: float | None,
    masks: int,
    score: float | None,
    holds: int,
) -> dict[str, Any]:
    """The fields of Task that the queue reads.

    ``expected_error`` is the aggregator's expected 1 - Dice. Where it estimates none, two or more
    masks stand for each other: half of what they differ by. One mask alone tells nothing of itself;
    such a task is never accepted in bulk, and is ordered by the score it was chosen by.
    """
    disagreement = 1.0 - agreement
    if expected_error is None and masks > 1:
        expected_error = disagreement / 2
    known = expected_error if expected_error is not None else min(max(score or 0.0, 0.0), 1.0)
    return {"risk": known + disagreement, "expected_error": expected_error, "holds": holds}


def bits_of(study: Study, masks: Iterable[NDArray[Any]]) -> int:
    """A bit for each class of the study (in order of value) that some mask holds.

    0 in studies of single objects, whose masks hold no classes.
    """
    if study.instances:
        return 0
    found: set[int] = set()
    for mask in masks:
        found.update(int(value) for value in np.unique(mask))
    values = study.classes.order_by("value").values_list("value", flat=True)[:MOST_BITS]
    return sum(1 << place for place, value in enumerate(values) if value in found)


def bit_of(study: Study, value: int) -> int | None:
    """The bit of a class; None where the study has no such class."""
    values = list(study.classes.order_by("value").values_list("value", flat=True)[:MOST_BITS])
    return 1 << values.index(value) if value in values else None
