"""Pretraining without labels, and what a training run takes from it."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from models.config import PredictConfig, PretrainConfig
from models.networks.checkpoint import CheckpointError, load_checkpoint, read_tensors
from models.networks.predict import predict
from models.networks.pretrain import PRETRAINED_FILE, pretrain
from models.networks.types import TrainingCube
from tests.models.networks.toys import SMALL, Spy, blobs, cube_of, files

LEARN = PretrainConfig(
    max_seconds=None,
    max_steps=3,
    crop=32,
    windows=2,
    pixels=0,
    reach=3,
    threads=1,
    checkpoint_seconds=0.0,
)
KNOWN = [2, 6, 10]


def stop_after(steps: int) -> Callable[[], bool]:
    asked = iter(range(10**6))
    return lambda: next(asked) >= steps


def weights(path: Path | None) -> dict[str, torch.Tensor]:
    assert path is not None
    return read_tensors(path)[0]


@pytest.fixture(scope="module")
def cube() -> TrainingCube:
    return cube_of(*blobs(), KNOWN)


@pytest.fixture(scope="module")
def pretrained(cube: TrainingCube, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pretrained")
    result = pretrain([cube], LEARN, network=SMALL, checkpoint_dir=folder)
    assert result.checkpoint == folder / PRETRAINED_FILE
    return result.checkpoint


def test_what_is_marked_is_followed_better_with_time(cube: TrainingCube, tmp_path: Path) -> None:
    config = dataclasses.replace(LEARN, max_steps=80, windows=4, checkpoint_seconds=1e9)
    result = pretrain([cube], config, network=SMALL, checkpoint_dir=tmp_path)
    errors = [point.losses["dice"] for point in result.curves]
    assert errors[-1] < 0.97 * errors[0]


def test_labels_are_never_looked_at(cube: TrainingCube, pretrained: Path, tmp_path: Path) -> None:
    bare = dataclasses.replace(cube, known={})
    result = pretrain([bare], LEARN, network=SMALL, checkpoint_dir=tmp_path)
    one, two = weights(pretrained), weights(result.checkpoint)
    assert all(torch.equal(one[name], two[name]) for name in one)
    meta = load_checkpoint(pretrained).meta
    assert (meta.classes, meta.learned) == ((), {})


def test_a_cube_is_read_a_few_slices_at_a_time(cube: TrainingCube, tmp_path: Path) -> None:
    spy = Spy(np.asarray(cube.image))
    pretrain([dataclasses.replace(cube, image=spy)], LEARN, network=SMALL, checkpoint_dir=tmp_path)
    assert spy.most <= 2 * LEARN.reach + 1


def test_a_stopped_pretraining_goes_on_as_if_it_had_not_been(
    cube: TrainingCube, pretrained: Path, tmp_path: Path
) -> None:
    stopped = pretrain(
        [cube], LEARN, network=SMALL, checkpoint_dir=tmp_path, should_stop=stop_after(2)
    )
    assert (stopped.checkpoint, stopped.steps) == (None, 2)
    resumed = pretrain([cube], LEARN, network=SMALL, checkpoint_dir=tmp_path)
    assert files(tmp_path) == {PRETRAINED_FILE}
    one, two = weights(pretrained), weights(resumed.checkpoint)
    for name in one:
        torch.testing.assert_close(one[name], two[name], rtol=1e-4, atol=1e-5)


def test_a_finished_pretraining_is_not_run_again(cube: TrainingCube, pretrained: Path) -> None:
    again = pretrain(
        [cube], LEARN, network=SMALL, checkpoint_dir=pretrained.parent, should_stop=stop_after(0)
    )
    assert again.checkpoint == pretrained


def test_a_pretrained_network_predicts_nothing(cube: TrainingCube, pretrained: Path) -> None:
    with pytest.raises(CheckpointError, match="knows no classes"):
        next(predict(pretrained, cube.image, 40.0, 200.0, PredictConfig(threads=1)))


def test_a_network_that_sees_no_neighbours_cannot_be_pretrained(
    cube: TrainingCube, tmp_path: Path
) -> None:
    alone = dataclasses.replace(SMALL, neighbours=False)
    with pytest.raises(ValueError, match="not shown"):
        pretrain([cube], LEARN, network=alone, checkpoint_dir=tmp_path)


def test_pretraining_needs_a_budget_and_a_cube(cube: TrainingCube, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="budget"):
        pretrain([cube], PretrainConfig(max_seconds=None), checkpoint_dir=tmp_path)
    with pytest.raises(ValueError, match="no cube"):
        pretrain([], LEARN, checkpoint_dir=tmp_path)


@pytest.mark.parametrize("name", ["one slice", "a constant image", "NaN in the image", "narrow"])
def test_poor_cubes_neither_crash_nor_give_nan(name: str, tmp_path: Path) -> None:
    noise = np.random.default_rng(0).normal(100, 20, (6, 20, 20))
    holes = noise.copy()
    holes[:, :8] = np.nan
    images = {
        "one slice": noise[:1],
        "a constant image": np.full_like(noise, 7.0),
        "NaN in the image": holes,
        "narrow": noise[:, :3],
    }
    cube = TrainingCube(images[name], 40.0, 200.0, {})
    result = pretrain([cube], LEARN, network=SMALL, checkpoint_dir=tmp_path)
    assert all(torch.isfinite(tensor).all() for tensor in weights(result.checkpoint).values())
