"""Train a segmenter on what a run's snapshot froze."""

from typing import Any

from lamella.consensus.known import Source, known_slices
from lamella.consensus.votes import vote_shares
from lamella.cubes.models import Cube
from lamella.learning.models import TrainingRun
from lamella.studies.classes import class_map
from models.config import TrainConfig
from models.networks.progress import TrainProgress, TrainResult
from models.networks.train import train
from models.networks.types import TrainingCube, TrainingSlice
from workers import runs
from workers.configs import from_json
from workers.runner import JobContext, handler
from workers.samples import keeper


@handler("train")
def run(ctx: JobContext) -> dict[str, object]:
    """Load the snapshot, train, record a candidate version."""
    return runs.carry_out(ctx, _learn, _point)


def _learn(run: TrainingRun, terms: runs.Terms) -> TrainResult:
    cubes = {source["cube"] for source in run.snapshot["sources"]}
    return train(
        training_cubes(run),
        range(1, class_map(run.study).count + 1),
        from_json(TrainConfig, run.config["train"]),
        parent=None if run.parent is None else runs.local_checkpoint(run.parent),
        origin=runs.origin_of(run),
        on_sample=keeper(run, list(Cube.objects.filter(pk__in=cubes).order_by("pk"))),
        **terms,
    )


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
