"""What the correction page is told about a task."""

from base64 import b64encode
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import numpy as np
from django.db.models import Exists, F, OuterRef
from pydantic import BaseModel

from lamella.annotation.models import Assignment, Favourite
from lamella.cubes.models import Cube
from lamella.cubes.volumes import reader_of
from lamella.learning.proposals import read_score
from lamella.rounds.masks import task_proposal
from lamella.rounds.models import Task
from lamella.studies.markdown import render, render_cards
from lamella.studies.models import Study
from lamella.volumes.codec import mask_hash, pack
from lamella.volumes.geometry import TILE
from models.selection.candidates import Box, doubtful

# How many slices to either side can be looked at.
NEIGHBOURS = 3
# How many doubtful patches are pointed out at most.
DOUBTFUL = 8


class ClassOut(BaseModel):
    value: int
    name: str
    color: str


class StudyOut(BaseModel):
    slug: str
    title: str
    guide_html: str
    # What the study tells newcomers, card by card.
    lessons: list[str]
    consent_version: str
    classes: list[ClassOut]
    label_dtype: str
    # Masks hold ids of objects instead of class values.
    instances: bool


class LevelOut(BaseModel):
    level: int
    shape: tuple[int, int, int]
    scale: tuple[float, float, float]


class CubeOut(BaseModel):
    id: int
    name: str
    shape: tuple[int, int, int]
    levels: list[LevelOut]
    tile: int
    version: str
    dtype: str
    # Intensities that tiles show as black and white, unless they are asked for others.
    low: float
    high: float
    unit: str | None
    voxel_size: tuple[float, float, float]


class ProposalOut(BaseModel):
    url: str
    hash: str
    origin: Literal["machine", "none"]
    # As base64 where it was asked for and is small.
    packed: str | None = None


class PatchOut(BaseModel):
    y0: int
    x0: int
    height: int
    width: int
    score: float


class TaskPayload(BaseModel):
    assignment_id: UUID
    lease_until: datetime
    task_id: int
    kind: Literal["work", "practice"]
    study: StudyOut
    cube: CubeOut
    z: int
    y0: int
    x0: int
    height: int
    width: int
    round: int | None
    neighbours: list[int]
    proposal: ProposalOut
    doubtful: list[PatchOut]
    favourite: bool
    note: str


SMALL = 24 * 1024
"""Bytes of a packed proposal that may come along with its task; larger ones come beside it."""


def payload_of(
    given: Assignment, *, study: Study | None = None, with_proposal: bool = False
) -> TaskPayload:
    """All that the page needs of a task. Audits and planted errors are said to be work.

    study: the task's, where it is read already.
    """
    task = _with_all(given)
    task.study = study or task.study
    cube = task.cube
    cube.study = study = task.study
    last = cube.depth - 1
    return TaskPayload(
        assignment_id=given.pk,
        lease_until=given.lease_until,
        task_id=task.pk,
        # Who is told that it is a test looks twice.
        kind="practice" if given.practice and not task.planted else "work",
        study=study_out(study),
        cube=cube_out(cube),
        z=task.z,
        y0=task.y0,
        x0=task.x0,
        height=task.height,
        width=task.width,
        round=task.round_number,
        neighbours=list(range(max(0, task.z - NEIGHBOURS), min(last, task.z + NEIGHBOURS) + 1)),
        proposal=proposal_out(task, with_proposal),
        doubtful=doubtful_patches(task),
        favourite=task.favourite,
        note=task.note,
    )


# Put together once. What a round was chosen from may be large, and its number is all that is told.
_SHOWN = (
    Task.objects.select_related("cube", "proposal")
    .defer("scores")
    .annotate(round_number=F("round__number"))
)


def _with_all(given: Assignment) -> Any:
    """The assignment's task with what its payload tells of. One query."""
    liked = Favourite.objects.filter(
        volunteer=given.volunteer_id, cube=OuterRef("cube"), z=OuterRef("z")
    )
    return _SHOWN.annotate(favourite=Exists(liked)).get(pk=given.task_id)


def proposal_out(task: Task, with_mask: bool) -> ProposalOut:
    """How a task's proposal is had; ``with_mask``: with itself, where it is small."""
    mask = task_proposal(task)
    proposed = bool(task.proposal_id or task.planted)
    packed = pack(mask) if with_mask and proposed else b""
    return ProposalOut(
        url=f"/api/v1/tasks/{task.pk}/proposal",
        hash=mask_hash(mask),
        origin="machine" if proposed else "none",
        packed=b64encode(packed).decode() if 0 < len(packed) <= SMALL else None,
    )


def study_out(study: Study) -> StudyOut:
    return StudyOut(
        slug=study.slug,
        title=study.title,
        guide_html=render(study.guide),
        lessons=render_cards(study.tutorial),
        consent_version=study.consent_version,
        classes=[ClassOut(value=c.value, name=c.name, color=c.color) for c in study.classes.all()],
        label_dtype=study.label_dtype,
        instances=study.instances,
    )


def cube_out(cube: Cube) -> CubeOut:
    reader = reader_of(cube)
    z, y, x = cube.voxel_size or (1.0, 1.0, 1.0)
    return CubeOut(
        id=cube.pk,
        name=cube.name,
        shape=tuple(cube.shape),
        levels=[
            LevelOut(
                level=level.index,
                shape=level.shape,
                scale=(z * level.factors[0], y * level.factors[1], x * level.factors[2]),
            )
            for level in reader.levels
        ],
        tile=TILE,
        version=cube.checksum[:16],
        dtype=cube.dtype,
        low=cube.low,
        high=cube.high,
        unit=cube.unit or None,
        voxel_size=(z, y, x),
    )


def doubtful_patches(task: Task) -> list[PatchOut]:
    """The patches of a task that the discriminator finds least real, worst first.

    ``score`` is 1 - realness.
    """
    if task.planted or task.proposal is None:
        return []
    found = read_score(task.proposal, "discriminator_focus", task.z)
    if found is None:
        return []
    realness, patch = found
    plane = 1.0 - realness
    box = Box(task.y0, task.x0, task.height, task.width)
    bound = float(np.mean(plane) + np.std(plane))
    return [
        PatchOut(
            y0=doubt.box.y0 - task.y0,
            x0=doubt.box.x0 - task.x0,
            height=doubt.box.height,
            width=doubt.box.width,
            score=doubt.score,
        )
        for doubt in doubtful(plane, patch, box, DOUBTFUL, bound)
    ]
