"""What the workers do alike for every training run, on labels or without."""

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypedDict

from lamella.cubes.models import Cube
from lamella.cubes.store import location, work_folder
from lamella.cubes.volumes import reader_of
from lamella.jobs.errors import UserError
from lamella.learning import services
from lamella.learning.models import ModelVersion, TrainingRun
from lamella.loop.services import after_job
from models.config import NetworkConfig
from models.networks.checkpoint import file_hash
from models.networks.progress import TrainProgress, TrainResult
from models.networks.types import TrainingCube, TrainingSlice
from workers.configs import from_json
from workers.runner import JobContext

logger = logging.getLogger(__name__)

# A point of the curves is written at most this often; pages poll, they do not stream.
_SECONDS_A_POINT = 2.0


class Terms(TypedDict):
    """What every run is given, whatever it learns from."""

    checkpoint_dir: Path
    network: NetworkConfig
    on_progress: Callable[[TrainProgress], None]
    should_stop: Callable[[], bool]
    code_version: str


def carry_out(
    ctx: JobContext,
    learn: Callable[[TrainingRun, Terms], TrainResult],
    point: Callable[[TrainProgress], Mapping[str, Any]],
) -> dict[str, object]:
    """Begin the run that a job is about, learn, and record what came of it.

    point: what of a run's progress becomes a point of its curves. Where a run is continued, its
    folder has what is needed to go on after a kill.
    """
    runs = TrainingRun.objects.select_related("study", "parent", "origin")
    run = runs.get(pk=ctx.params["run_id"])
    services.begin_run(run)
    ctx.keep_log()
    logger.info(
        "training run %d: %s slices, from %s, code %s",
        run.pk,
        run.snapshot.get("slices", 0),
        _beginning(run),
        run.code_version,
    )
    terms = Terms(
        checkpoint_dir=work_folder(f"training/{run.pk}"),
        network=from_json(NetworkConfig, run.config["network"]),
        on_progress=_teller(ctx, run, point),
        should_stop=ctx.should_stop,
        code_version=run.code_version,
    )
    try:
        result = learn(run, terms)
    except ValueError as error:
        raise UserError(str(error)) from error
    _record(ctx, run, result)
    return {}


def _beginning(run: TrainingRun) -> str:
    """Where its weights begin; without names, for an origin may be another study's."""
    if run.parent is not None:
        return f"version={run.parent.number}"
    origin = run.snapshot.get("origin")
    return f"origin={origin['kind']}" if origin else "nothing"


def _teller(
    ctx: JobContext, run: TrainingRun, point: Callable[[TrainProgress], Mapping[str, Any]]
) -> Callable[[TrainProgress], None]:
    last = -_SECONDS_A_POINT
    said: TrainProgress | None = None

    def tell(progress: TrainProgress) -> None:
        nonlocal last, said
        if _is_news(progress, said):
            _log(progress)
            said = progress
        ctx.progress(progress.fraction, 1.0, _words(progress))
        if progress.seconds - last >= _SECONDS_A_POINT or progress.fraction >= 1.0:
            last = progress.seconds
            services.add_point(run, point(progress))

    return tell


def _is_news(now: TrainProgress, said: TrainProgress | None) -> bool:
    """Whether the log is told: of every validation, and at least every twentieth of the way."""
    return (
        said is None
        or now.validation_dice != said.validation_dice
        or now.saturated != said.saturated
        or now.fraction >= said.fraction + 0.05
    )


def _log(progress: TrainProgress) -> None:
    figures = dict(progress.losses)
    if progress.validation_dice is not None:
        figures["validation_dice"] = progress.validation_dice
    logger.info(
        "step %d, %.0f s, %.0f %%: %s%s",
        progress.step,
        progress.seconds,
        100 * progress.fraction,
        ", ".join(f"{name} {value:.4f}" for name, value in figures.items()),
        "; saturated" if progress.saturated else "",
    )


def _words(progress: TrainProgress) -> str:
    if progress.validation_dice is None:
        return f"step {progress.step}"
    return f"step {progress.step}, validation Dice {progress.validation_dice:.3f}"


def _record(ctx: JobContext, run: TrainingRun, result: TrainResult) -> None:
    """Store a run's checkpoint, and make a model version of it.

    Raises the reason for which the run was stopped where it has no checkpoint.
    """
    if result.checkpoint is None:
        logger.info("stopped at step %d; it can go on from there", result.steps)
        ctx.check()
        raise RuntimeError("training stopped without being told to")
    logger.info("trained: %d steps in %.0f s", result.steps, result.seconds)
    key = f"models/{run.study_id}/run-{run.pk}.safetensors"
    location(key).write(result.checkpoint.read_bytes())
    metrics: dict[str, float | None] = {
        "steps": result.steps,
        "seconds": round(result.seconds, 1),
    }
    if run.kind == TrainingRun.Kind.TRAIN:
        metrics["validation_dice"] = result.validation_dice
    with ctx.effect():
        version = services.finish_run(
            run, checkpoint=key, checksum=file_hash(result.checkpoint), metrics=metrics
        )
        ctx.finish({"version": version.number, **metrics})
        after_job(run.study)


def training_cube(cube: Cube, known: Mapping[int, TrainingSlice]) -> TrainingCube:
    """A cube as the networks read it, with what is known of its slices."""
    return TrainingCube(
        image=reader_of(cube).array(),
        low=cube.low,
        high=cube.high,
        known=known,
        voxel_size=tuple(cube.voxel_size or (1.0, 1.0, 1.0)),
        key=cube.checksum,
    )


def origin_of(run: TrainingRun) -> Path | None:
    """The checkpoint that a run takes all but the head of, if it was told to."""
    if run.origin is None and run.snapshot.get("origin"):
        raise UserError(
            f"The version that training run {run.pk} was to start from was deleted; "
            "start a new run."
        )
    return None if run.origin is None else local_checkpoint(run.origin)


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
