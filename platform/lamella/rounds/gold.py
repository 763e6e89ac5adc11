"""Gold tasks: slices that experts drew, for practice and for the gate, never for training.

On every second one an error is planted in what is shown. Nothing learns from it: it is in no
proposal, and gold tasks are in no mask and no training set.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lamella.cubes.models import Cube, Labels, LabelsRole, VolumeState
from lamella.cubes.volumes import labels_reader_of
from lamella.learning.selectors import current_proposal
from lamella.rounds.masks import region_of
from lamella.rounds.models import Task
from lamella.studies.models import Study
from lamella.volumes import codec
from models.quality.planting import plant

# Gold tasks made of a label volume at most, spread evenly over its slices.
PER_VOLUME = 12


def gold_volumes(cube: Cube) -> list[Labels]:
    return list(cube.labels.filter(role=LabelsRole.GOLD, state=VolumeState.READY))


def gold_slices(labels: Labels) -> list[int]:
    return list(labels.slices) if labels.slices is not None else list(range(labels.cube.depth))


def make_gold_tasks(study: Study) -> int:
    """Make practice tasks of gold volumes that have none yet; returns how many."""
    made = 0
    for cube in study.cubes.filter(state=VolumeState.READY):
        for labels in gold_volumes(cube):
            slices = gold_slices(labels)
            if not slices or cube.tasks.filter(kind=Task.Kind.GOLD).exists():
                continue
            step = max(1, len(slices) // PER_VOLUME)
            for place, z in enumerate(slices[step // 2 :: step][:PER_VOLUME]):
                task = Task(
                    study=study,
                    cube=cube,
                    kind=Task.Kind.GOLD,
                    proposal=current_proposal(cube),
                    z=z,
                    height=cube.shape[1],
                    width=cube.shape[2],
                    reason="drawn by experts",
                )
                if place % 2:
                    task.planted = _planted(task, labels)
                task.save()
                made += 1
    return made


def _planted(task: Task, labels: Labels) -> bytes:
    """The packed mask of an error planted in a gold slice; empty where it holds no object."""
    truth = labels_reader_of(labels).region(region_of(task))
    rng = np.random.default_rng((task.cube_id, task.z))
    shown = plant(truth, task.study.instances, rng)
    return b"" if shown is None else codec.pack(shown)


def gold_mask(task: Task) -> NDArray[Any]:
    """(H, W) label values that the experts gave a gold task, in the study's dtype; LookupError if
    they are gone."""
    for labels in gold_volumes(task.cube):
        if task.z in gold_slices(labels):
            found = labels_reader_of(labels).region(region_of(task))
            return codec.narrow(codec.widen(found), np.dtype(task.study.label_dtype))
    raise LookupError(f"The gold labels of {task} were removed.")
