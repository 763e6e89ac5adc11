"""Label efficiency of pretraining: error with 5 % of the slices labelled, against from scratch.

    python -m benchmarks --only pretraining

All learn from the same labelled slices of one cube for the same number of steps; error is one minus
the Dice of the slices that nobody labelled. Pretraining without labels is on that cube itself;
supervised pretraining, reported apart, is on hippocampus cases of those to tune on. Pretraining
takes steps of its own, so beside each error stands that of training from scratch for as many steps
more; and that of learning from both studies' labels together, in as many steps in all.

Ways are played two at a time, each with one thread of its own.
"""

import dataclasses
import tempfile
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import tifffile
from numpy.typing import NDArray

from benchmarks.data import BRATS, EMBRYO, Volume, data_folder
from benchmarks.rows import Row, row
from models.config import PredictConfig, PretrainConfig, TrainConfig
from models.networks.predict import predict
from models.networks.pretrain import pretrain
from models.networks.train import train
from models.networks.types import TrainingCube, TrainingSlice
from models.quality.metrics import dice

SHOWN = 0.05
"""Share of slices that are labelled, evenly along z."""
SEEDS = 3
PROCESSES = 2
THREADS = 1
STEPS = 60
"""Steps of training on the labelled slices."""
PRETRAINING_STEPS = 200
"""Steps of pretraining, without labels or on the other study's."""
OTHER_CASES = 10
"""Hippocampus cases to pretrain on, the first ones; both classes as one, every slice labelled."""


@dataclass(frozen=True)
class Errors:
    """1 - Dice of unlabelled slices, by how the network began."""

    scratch: float
    without_labels: float
    supervised: float
    scratch_longer: float
    """From scratch, for the steps of pretraining as well."""
    joint: float
    """From scratch on both studies' labels, for the steps of pretraining as well."""
    encoder_taken: float = float("nan")
    """Pretrained without labels, and of it the encoder alone taken."""
    decoder_trained: float = float("nan")
    """Pretrained without labels, and the decoder alone trained."""


def rows(quick: bool, seed: int) -> list[Row]:
    """One volume where quick; two volumes and more ways otherwise."""
    found: list[Row] = []
    for volume in (BRATS,) if quick else (BRATS, EMBRYO):
        seeds = range(seed, seed + SEEDS)
        found += _rows(volume, [errors(volume, each, quick) for each in seeds])
    return found


def _rows(volume: Volume, runs: Sequence[Errors]) -> list[Row]:
    mean = {
        field.name: float(np.mean([getattr(run, field.name) for run in runs]))
        for field in dataclasses.fields(Errors)
    }
    peers = {
        f"error, {name.replace('_', ' ')}": round(value, 4)
        for name, value in mean.items()
        if np.isfinite(value)
    }
    return [
        row(
            f"pretraining.{volume.name}.{name}",
            1.0 - mean[name] / mean["scratch"],
            "less error than from scratch, equal steps on labels",
            ">= 0.2",
            peers,
        )
        for name in ("without_labels", "supervised")
    ]


def errors(volume: Volume, seed: int, quick: bool) -> Errors:
    """Every way to begin, with one seed."""
    truth = tifffile.imread(volume.labels) > 0
    count = max(2, round(SHOWN * len(truth)))
    shown = np.unique(np.linspace(0, len(truth) - 1, 2 * count + 1)[1::2].round().astype(int))
    cube = _cube(tifffile.imread(volume.image), truth, shown, volume.name)
    others = _others()
    settings = TrainConfig(max_seconds=None, max_steps=STEPS, seed=seed, threads=THREADS)
    longer = dataclasses.replace(settings, max_steps=STEPS + PRETRAINING_STEPS)
    learning = PretrainConfig(
        max_seconds=None, max_steps=PRETRAINING_STEPS, seed=seed, threads=THREADS
    )
    elsewhere = dataclasses.replace(settings, max_steps=PRETRAINING_STEPS)
    # A fork of a process in which torch has computed with several threads may wait for ever.
    with (
        tempfile.TemporaryDirectory() as name,
        ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool,
    ):
        folder = Path(name)

        def error(way: str, config: TrainConfig, origin: Path | None = None) -> Future[float]:
            cubes = [cube, *others] if way == "joint" else [cube]
            return pool.submit(_learned, cubes, config, folder / way, origin, truth)

        # What others wait for first, then the longest.
        unlabelled = pool.submit(_pretrained, cube, learning, folder / "pretrained")
        supervised = pool.submit(_trained, others, elsewhere, folder / "elsewhere", None)
        waiting = {
            "joint": error("joint", longer),
            "scratch_longer": error("scratch_longer", longer),
            "scratch": error("scratch", settings),
        }
        origin = unlabelled.result()
        waiting["without_labels"] = error("without_labels", settings, origin)
        if not quick:
            taken = dataclasses.replace(settings, taken="encoder")
            trained = dataclasses.replace(settings, trainable="decoder")
            waiting["encoder_taken"] = error("encoder_taken", taken, origin)
            waiting["decoder_trained"] = error("decoder_trained", trained, origin)
        waiting["supervised"] = error("supervised", settings, supervised.result())
        return Errors(**{way: future.result() for way, future in waiting.items()})


def _pretrained(cube: TrainingCube, config: PretrainConfig, folder: Path) -> Path:
    found = pretrain([cube], config, checkpoint_dir=folder).checkpoint
    assert found is not None
    return found


def _learned(
    cubes: Sequence[TrainingCube],
    config: TrainConfig,
    folder: Path,
    origin: Path | None,
    truth: NDArray[np.bool_],
) -> float:
    """Error on the first of some cubes of a model trained on all of them."""
    return _error(_trained(cubes, config, folder, origin), cubes[0], truth)


def _trained(
    cubes: Sequence[TrainingCube], config: TrainConfig, folder: Path, origin: Path | None
) -> Path:
    result = train(cubes, [1], config, checkpoint_dir=folder, origin=origin)
    assert result.checkpoint is not None
    return result.checkpoint


def _error(model: Path, cube: TrainingCube, truth: NDArray[np.bool_]) -> float:
    settings = PredictConfig(threads=THREADS)
    blocks = predict(model, cube.image, cube.low, cube.high, settings, known=cube.known)
    found = np.concatenate([block.probabilities[0] for block in blocks]) > 0.5
    unseen = [z for z in range(len(truth)) if z not in cube.known]
    return 1.0 - dice(found[unseen].astype(np.uint8), truth[unseen].astype(np.uint8))


def _others() -> list[TrainingCube]:
    """The other study: hippocampus cases, labelled throughout."""
    cubes = []
    cases = sorted(p for p in (data_folder() / "hippocampus").iterdir() if p.is_dir())
    for case in cases[:OTHER_CASES]:
        truth = tifffile.imread(case / "labels.tif") > 0
        shown = np.arange(len(truth))
        cubes.append(_cube(tifffile.imread(case / "image.tif"), truth, shown, case.name))
    return cubes


def _cube(
    image: NDArray[np.uint8], truth: NDArray[np.bool_], shown: NDArray[np.int64], key: str
) -> TrainingCube:
    low, high = (float(value) for value in np.percentile(image, [0.1, 99.9]))
    known = {int(z): TrainingSlice(truth[z].astype(np.uint8)) for z in shown}
    return TrainingCube(image, low, high, known, key=key)
