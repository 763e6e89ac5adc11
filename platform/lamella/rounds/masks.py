"""What a task shows."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lamella.learning.proposals import read_labels
from lamella.rounds.models import Task
from lamella.volumes import codec
from lamella.volumes.geometry import Region


def region_of(task: Task) -> Region:
    return Region(task.z, task.y0, task.x0, task.height, task.width)


def task_proposal(task: Task, z: int | None = None) -> NDArray[Any]:
    """(H, W) proposed labels of a task's region, on its own slice or on slice ``z``.

    All zeros where the task is drawn from nothing. A gold task with a planted error shows that on
    its own slice.
    """
    if task.planted and z in (None, task.z):
        shape = (task.height, task.width)
        dtype = np.dtype(task.study.label_dtype)
        return codec.unpack(bytes(task.planted), shape=shape, dtype=dtype)
    if task.proposal is None:
        return np.zeros((task.height, task.width), dtype=np.dtype(task.study.label_dtype))
    region = region_of(task)
    return read_labels(task.proposal, region if z is None else region.at(z))
