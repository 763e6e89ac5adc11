"""Pretrain a segmenter on the cubes that a run's snapshot froze; no label is looked at."""

from typing import Any

from lamella.cubes.models import Cube
from lamella.jobs.errors import UserError
from lamella.learning.models import TrainingRun
from lamella.studies.classes import class_map
from models.config import PretrainConfig
from models.networks.pretrain import pretrain
from models.networks.progress import TrainProgress, TrainResult
from models.networks.types import TrainingCube
from workers import runs
from workers.configs import from_json
from workers.runner import JobContext, handler


@handler("pretrain")
def run(ctx: JobContext) -> dict[str, object]:
    """Load the cubes, pretrain, record a version for runs to start from."""
    return runs.carry_out(ctx, _learn, _point)


def _learn(run: TrainingRun, terms: runs.Terms) -> TrainResult:
    settings = from_json(PretrainConfig, run.config["pretrain"])
    classes = class_map(run.study).count
    return pretrain(frozen_cubes(run), settings, classes=classes, **terms)


def frozen_cubes(run: TrainingRun) -> list[TrainingCube]:
    """The run's cubes in their order. Raises UserError where one is gone or another by now."""
    frozen = run.snapshot["cubes"]
    there = Cube.objects.in_bulk([entry["id"] for entry in frozen])
    cubes = []
    for entry in frozen:
        cube = there.get(entry["id"])
        if cube is None or cube.checksum != entry["checksum"]:
            name = "One of the cubes" if cube is None else f"The cube “{cube.name}”"
            raise UserError(
                f"{name} that training run {run.pk} was to learn from was "
                f"{'removed' if cube is None else 'read anew'} since; start a new run."
            )
        cubes.append(runs.training_cube(cube, {}))
    return cubes


def _point(progress: TrainProgress) -> dict[str, Any]:
    """Of a point of the curves what there is without labels and without a discriminator."""
    return {"step": progress.step, "seconds": progress.seconds, **progress.losses}
