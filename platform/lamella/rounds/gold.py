"""Gold tasks: slices that experts drew, for practice and for the gate, never for training."""

from typing import Any

from numpy.typing import NDArray

from lamella.cubes.models import Cube, Labels, LabelsRole, VolumeState
from lamella.cubes.volumes import labels_reader_of
from lamella.learning.selectors import current_proposal
from lamella.rounds.masks import region_of
from lamella.rounds.models import Task
from lamella.studies.models import Study

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
            for z in slices[step // 2 :: step][:PER_VOLUME]:
                Task.objects.create(
                    study=study,
                    cube=cube,
                    kind=Task.Kind.GOLD,
                    proposal=current_proposal(cube),
                    z=z,
                    height=cube.shape[1],
                    width=cube.shape[2],
                    reason="drawn by experts",
                )
                made += 1
    return made


def gold_mask(task: Task) -> NDArray[Any]:
    """(H, W) label values that the experts gave a gold task; LookupError if they are gone."""
    for labels in gold_volumes(task.cube):
        if task.z in gold_slices(labels):
            return labels_reader_of(labels).region(region_of(task))
    raise LookupError(f"The gold labels of {task} were removed.")
