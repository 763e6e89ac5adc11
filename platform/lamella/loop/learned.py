"""What the tasks corrected so far teach selection: how wrong a task is, and how long it takes."""

from collections.abc import Mapping

import numpy as np

from lamella.annotation.models import Correction
from lamella.consensus.models import Consensus
from lamella.rounds.models import Task
from lamella.studies.models import Study
from lamella.studies.policy import config_of
from models.config import EffortConfig
from models.selection.effort import Effort, fit_effort
from models.selection.expected_error import Examples

# Rounds that are looked back on: a model of long ago erred in other ways.
_ROUNDS_BACK = 6
# Corrections that the pace is fitted to at most.
_PACE = 500


def corrected_tasks(study: Study) -> Examples:
    """Every agreed task of the last rounds that showed a proposal: its scores then, and its error.

    Work and audit alike: chosen tasks alone would be the bad ones.
    """
    last = study.rounds.filter(number__gte=1).order_by("-number")[:_ROUNDS_BACK]
    agreed = (
        Consensus.objects.filter(
            current=True,
            task__round__in=list(last),
            task__proposal__isnull=False,
            task__state__in=[Task.State.RETIRED, Task.State.ACCEPTED],
        )
        .order_by("pk")
        .values_list(
            "task__scores",
            "task__height",
            "task__width",
            "changed_share",
            "task__cube_id",
            "task__z",
        )
    )
    rows: list[tuple[Mapping[str, float], float, float, int, int]] = [
        (scores, height * width, share * height * width, cube, z)
        for scores, height, width, share, cube, z in agreed
        if scores
    ]
    names = sorted({name for row in rows for name in row[0]})
    return Examples(
        scores={
            name: np.array([row[0].get(name, np.nan) for row in rows], dtype=np.float64)
            for name in names
        },
        area=np.array([row[1] for row in rows], dtype=np.float64),
        error=np.array([row[2] for row in rows], dtype=np.float64),
        cube=np.array([row[3] for row in rows], dtype=np.int64),
        z=np.array([row[4] for row in rows], dtype=np.int64),
    )


def pace_of(study: Study) -> Effort:
    """How long corrections of this study take; practice and what nobody counts left out."""
    rows = list(
        Correction.objects.filter(
            task__study=study,
            task__proposal__isnull=False,
            assignment__practice=False,
            withdrawn__isnull=True,
            quarantine__isnull=True,
        )
        .order_by("-created")
        .values_list("active_seconds", "changed_voxels")[:_PACE]
    )
    pairs = np.array(rows, dtype=np.float64).reshape(-1, 2)
    return fit_effort(pairs[:, 0], pairs[:, 1], config_of(study, EffortConfig, "effort"))
