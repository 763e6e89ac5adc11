"""One volunteer over time: skill as it became known, and the masks they made."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q

from lamella.annotation.models import Correction
from lamella.consensus.models import Consensus, Skill
from lamella.consensus.recording import SETTLED
from lamella.rounds.models import Task
from lamella.studies.models import Study
from models.crowd.skills import Tally, estimate

POINTS = 40
MASKS = 30
NOTABLE = 16
"""Voxels that people changed from which something is said to have been wrong."""


@dataclass(frozen=True)
class Point:
    """A volunteer's skill from some moment on; spread: its standard deviation."""

    when: datetime
    hit: float
    false_alarm: float
    spread: float
    tasks: float

    @property
    def skill(self) -> float:
        return self.hit - self.false_alarm


@dataclass(frozen=True)
class Made:
    """A mask, and what others made of its task. consensus: None while nothing is agreed on."""

    correction: Correction
    consensus: Consensus | None

    @property
    def unedited(self) -> bool:
        return self.correction.changed_voxels == 0

    @property
    def settled(self) -> bool:
        return self.consensus is not None and self.correction.task.state in SETTLED

    @property
    def alike(self) -> float | None:
        """How alike it is to the others' masks, 0 to 1; None while there are none."""
        if self.consensus is None:
            return None
        found = self.consensus.alike.get(str(self.correction.volunteer_id))
        return None if found is None else float(found)

    @property
    def left_wrong(self) -> bool:
        """It was left as shown, and people agreed on something else."""
        if not (self.unedited and self.settled) or self.consensus is None:
            return False
        task = self.correction.task
        return self.consensus.changed_share * task.height * task.width >= NOTABLE


def skill_over_time(volunteer_id: UUID) -> list[Point]:
    """Their skill at the last versions in which something new was known, the oldest first."""
    rows = (
        Skill.objects.filter(volunteer=volunteer_id)
        .order_by("-version_id")
        .values_list("version__created", "tally")[:POINTS]
    )
    points = []
    for when, tally in reversed(rows):
        skill = estimate(Tally.of(tally))
        points.append(Point(when, skill.hit, skill.false_alarm, skill.spread, skill.weight))
    return points


def masks_of(study: Study, volunteer_id: UUID) -> list[Made]:
    """Their last masks in a study, with what is agreed on by now. Two queries."""
    rows = list(
        # Read from the newest on, until there are enough: no join to what supersedes them.
        Correction.objects.filter(
            ~Exists(Correction.objects.filter(supersedes=OuterRef("pk"))),
            volunteer=volunteer_id,
            task__study=study,
        )
        .select_related("task__cube", "task__study", "assignment")
        .defer("mask", "difference", "task__planted", "task__cube__source")
        .order_by("-created")[:MASKS]
    )
    agreed = Consensus.objects.filter(current=True, task__in=[c.task_id for c in rows])
    by_task = {c.task_id: c for c in agreed.defer("mask", "probability")}
    return [
        Made(c, None if c.task.kind == Task.Kind.GOLD else by_task.get(c.task_id)) for c in rows
    ]


def practice_of(study: Study, volunteer_id: UUID) -> tuple[int, int]:
    """(planted errors that they put right, planted errors that they were shown). One query."""
    shown = Correction.objects.filter(
        volunteer=volunteer_id, task__study=study, mended__isnull=False, withdrawn__isnull=True
    ).aggregate(all=Count("pk"), mended=Count("pk", filter=Q(mended=True)))
    return shown["mended"], shown["all"]
