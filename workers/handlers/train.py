"""Train a segmenter on what a run's snapshot froze."""

from typing import Any

from lamella.consensus.known import Source, known_slices
from lamella.consensus.votes import vote_shares
from lamella.cubes.models import Cube
from lamella.jobs.errors import UserError
from lamella.learning.models import TrainingRun
from lamella.studies.classes import class_map
from models.config import NetworkConfig, TrainConfig
from models.networks.progress import TrainProgress
from models.networks.train import train
from models.networks.types import TrainingCube, TrainingSlice
from workers import runs
from workers.configs import from_json
from workers.runner import JobContext, handler


@handler("train")
def run(ctx: JobContext) -> dict[str, object]:
    """Load the snapshot, train, record a candidate version."""
    found = runs.begin(ctx)
    try:
        result = train(
            training_cubes(found),
            range(1, class_map(found.study).count + 1),
            from_json(TrainConfig, found.config["train"]),
            checkpoint_dir=runs.folder_of(found),
            network=from_json(NetworkConfig, found.config["network"]),
            parent=None if found.parent is None else runs.local_checkpoint(found.parent),
            origin=runs.origin_of(found),
            on_progress=runs.teller(ctx, found, _point),
            should_stop=ctx.should_stop,
            code_version=found.code_version,
        )
    except ValueError as error:
        raise UserError(str(error)) from error
    runs.record(ctx, found, result)
    return {}


def training_cubes(run: TrainingRun) -> list[TrainingCube]:
    """The run's labelled slices, cube by cube, with vote fractions where people differ."""
    classes = class_map(run.study)
    soft = from_json(TrainConfig, run.config["train"]).soft_targets
    sources = [Source(**entry) for entry in run.snapshot["sources"]]
    cubes = []
    for cube in Cube.objects.filter(pk__in={s.cube for s in sources}).order_by("pk"):
        mine = [s for s in sources if s.cube == cube.pk]
        plane = (cube.shape[1], cube.shape[2])
        known = known_slices(mine, plane, classes)
        votes = dict(vote_shares(mine, plane, classes)) if soft else {}
        slices = {z: TrainingSlice(k.labels, k.valid, votes.get(z)) for z, k in known.items()}
        cubes.append(runs.training_cube(cube, slices))
    return cubes


def _point(progress: TrainProgress) -> dict[str, Any]:
    return {
        "step": progress.step,
        "seconds": progress.seconds,
        **progress.losses,
        "validation_dice": progress.validation_dice,
        "real_score": progress.real_score,
        "fake_score": progress.fake_score,
        "saturated": progress.saturated,
    }
