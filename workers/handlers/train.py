"""Train a segmenter on what a run's snapshot froze."""

from pathlib import Path
from typing import Any

from lamella.consensus.known import Source, known_slices
from lamella.consensus.votes import vote_shares
from lamella.cubes.models import Cube
from lamella.cubes.store import location, work_folder
from lamella.cubes.volumes import reader_of
from lamella.jobs.errors import UserError
from lamella.learning import services
from lamella.learning.models import ModelVersion, TrainingRun
from lamella.loop.services import after_job
from lamella.studies.classes import class_map
from models.config import NetworkConfig, TrainConfig
from models.networks.checkpoint import file_hash
from models.networks.progress import TrainProgress
from models.networks.train import train
from models.networks.types import TrainingCube, TrainingSlice
from workers.configs import from_json
from workers.runner import JobContext, handler

# A point of the curves is written at most this often; pages poll, they do not stream.
_SECONDS_A_POINT = 2.0


@handler("train")
def run(ctx: JobContext) -> dict[str, object]:
    """Load the snapshot, train, record a candidate version."""
    found = TrainingRun.objects.select_related("study", "parent").get(pk=ctx.params["run_id"])
    services.begin_run(found)
    cubes = training_cubes(found)
    classes = class_map(found.study)
    folder = work_folder(f"training/{found.pk}")
    last = -_SECONDS_A_POINT

    def tell(progress: TrainProgress) -> None:
        nonlocal last
        ctx.progress(progress.fraction, 1.0, _words(progress))
        if progress.seconds - last >= _SECONDS_A_POINT or progress.fraction >= 1.0:
            last = progress.seconds
            services.add_point(found, _point(progress))

    try:
        result = train(
            cubes,
            range(1, classes.count + 1),
            from_json(TrainConfig, found.config["train"]),
            checkpoint_dir=folder,
            network=from_json(NetworkConfig, found.config["network"]),
            parent=None if found.parent is None else local_checkpoint(found.parent),
            on_progress=tell,
            should_stop=ctx.should_stop,
            code_version=found.code_version,
        )
    except ValueError as error:
        raise UserError(str(error)) from error
    if result.checkpoint is None:
        ctx.check()
        raise RuntimeError("training stopped without being told to")
    key = f"models/{found.study.pk}/run-{found.pk}.safetensors"
    location(key).write(result.checkpoint.read_bytes())
    metrics = {
        "validation_dice": result.validation_dice,
        "steps": result.steps,
        "seconds": round(result.seconds, 1),
    }
    with ctx.effect():
        version = services.finish_run(
            found, checkpoint=key, checksum=file_hash(result.checkpoint), metrics=metrics
        )
        ctx.finish({"version": version.number, **metrics})
        after_job(found.study)
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
        cubes.append(
            TrainingCube(
                image=reader_of(cube).array(),
                low=cube.low,
                high=cube.high,
                known={z: TrainingSlice(k.labels, k.valid, votes.get(z)) for z, k in known.items()},
                voxel_size=tuple(cube.voxel_size or (1.0, 1.0, 1.0)),
                key=cube.checksum,
            )
        )
    return cubes


def local_checkpoint(version: ModelVersion) -> Path:
    """The version's checkpoint as a file on this machine, fetched where the store is remote."""
    place = location(version.checkpoint)
    if not place.is_remote:
        return Path(place.url)
    path = work_folder("checkpoints") / f"{version.checksum}.safetensors"
    if not path.exists():
        data = place.read()
        if data is None:
            raise UserError(
                f"The checkpoint of version {version.number} is missing from the store; "
                "train a new one."
            )
        partial = path.with_suffix(".partial")
        partial.write_bytes(data)
        partial.replace(path)
    return path


def _words(progress: TrainProgress) -> str:
    words = f"step {progress.step}"
    if progress.validation_dice is not None:
        words += f", validation Dice {progress.validation_dice:.3f}"
    return words


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
