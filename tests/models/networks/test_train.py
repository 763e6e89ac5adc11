"""Training: it learns, resumes, warm-starts, and survives poor data."""

import dataclasses
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from models.config import PredictConfig, TrainConfig
from models.crowd.shares import VoteShares
from models.networks.checkpoint import CheckpointError, load_checkpoint, read_tensors
from models.networks.holdout import hold_out
from models.networks.predict import predict
from models.networks.progress import TrainProgress
from models.networks.schedule import learning_rate
from models.networks.train import MODEL_FILE, train
from models.networks.types import TrainingCube, TrainingSlice
from tests.models.networks.toys import QUICK, SMALL, blobs, cube_of, dice, files

KNOWN = [2, 6, 10, 13]


def stop_after(steps: int) -> Callable[[], bool]:
    asked = iter(range(10**6))
    return lambda: next(asked) >= steps


def weights(path: Path) -> dict[str, torch.Tensor]:
    return read_tensors(path)[0]


@pytest.fixture(scope="module")
def cube() -> TrainingCube:
    return cube_of(*blobs(), KNOWN)


def test_a_toy_cube_is_learned_in_seconds(tmp_path: Path) -> None:
    image, labels = blobs()
    config = dataclasses.replace(QUICK, max_steps=90)
    told: list[TrainProgress] = []
    result = train(
        [cube_of(image, labels, KNOWN)],
        [1],
        config,
        network=SMALL,
        checkpoint_dir=tmp_path,
        on_progress=told.append,
    )
    assert result.checkpoint == tmp_path / MODEL_FILE
    assert files(tmp_path) == {MODEL_FILE}
    blocks = predict(result.checkpoint, image, 40.0, 200.0, PredictConfig(threads=1))
    found = np.concatenate([block.probabilities for block in blocks], axis=1)[0] > 0.5
    unknown = np.setdiff1d(np.arange(len(image)), KNOWN)
    assert dice(found[unknown], labels[unknown] == 1) > 0.8
    assert told[-1].step == result.steps == 90
    assert told[-1].fraction == 1.0
    assert set(told[-1].losses) == {"cross_entropy", "dice", "adversarial", "discriminator"}
    assert result.curves[-1].losses["dice"] < result.curves[0].losses["dice"]


def test_the_same_seed_gives_the_same_weights(cube: TrainingCube, tmp_path: Path) -> None:
    for name in ("one", "two"):
        train([cube], [1], QUICK, network=SMALL, checkpoint_dir=tmp_path / name)
    one, two = weights(tmp_path / "one" / MODEL_FILE), weights(tmp_path / "two" / MODEL_FILE)
    assert all(torch.equal(one[name], two[name]) for name in one)


def test_a_stopped_run_resumes_and_ends_as_if_it_had_not_been(
    cube: TrainingCube, tmp_path: Path
) -> None:
    # In bfloat16 two threads round so differently from one that the ends would be apart.
    exact = dataclasses.replace(QUICK, precision="float32")
    straight = train([cube], [1], exact, network=SMALL, checkpoint_dir=tmp_path / "straight")
    folder = tmp_path / "stopped"
    stopped = train(
        [cube], [1], exact, network=SMALL, checkpoint_dir=folder, should_stop=stop_after(2)
    )
    assert (stopped.checkpoint, stopped.steps) == (None, 2)
    assert files(folder) == {"state.safetensors"}
    elsewhere = dataclasses.replace(exact, threads=2, cache_megabytes=64)
    resumed = train([cube], [1], elsewhere, network=SMALL, checkpoint_dir=folder)
    assert resumed.steps == straight.steps == 4
    assert files(folder) == {MODEL_FILE}
    one, two = weights(tmp_path / "straight" / MODEL_FILE), weights(folder / MODEL_FILE)
    for name in one:
        torch.testing.assert_close(one[name], two[name], rtol=1e-4, atol=1e-5)


def steps_in(state: Path) -> int:
    """Steps in a state that another process may be replacing just now."""
    try:
        return int(read_tensors(state)[1]["state"]["step"])
    except CheckpointError:
        return 0


def test_a_killed_run_continues_from_its_last_state(tmp_path: Path) -> None:
    script = f"""
from pathlib import Path
from models.networks.train import train
from tests.models.networks.test_train import KNOWN, LONG
from tests.models.networks.toys import SMALL, blobs, cube_of
train([cube_of(*blobs(), KNOWN)], [1], LONG, network=SMALL, checkpoint_dir=Path({str(tmp_path)!r}))
"""
    root = Path(__file__).parents[3]
    environment = os.environ | {"PYTHONPATH": str(root)}
    child = subprocess.Popen([sys.executable, "-c", script], cwd=root, env=environment)
    state = tmp_path / "state.safetensors"
    deadline = time.monotonic() + 200
    while steps_in(state) < 3:
        assert time.monotonic() < deadline
        assert child.poll() is None
        time.sleep(0.1)
    child.send_signal(signal.SIGKILL)
    child.wait()
    reached = read_tensors(state)[1]["state"]["step"]
    first: list[int] = []

    def on_step() -> bool:
        first.append(1)
        return len(first) > 2

    result = train(
        [cube_of(*blobs(), KNOWN)],
        [1],
        LONG,
        network=SMALL,
        checkpoint_dir=tmp_path,
        should_stop=on_step,
    )
    assert result.steps == reached + 2


LONG = dataclasses.replace(QUICK, max_steps=100_000)


def test_a_finished_run_is_not_run_again(cube: TrainingCube, tmp_path: Path) -> None:
    result = train([cube], [1], QUICK, network=SMALL, checkpoint_dir=tmp_path)

    def never() -> bool:
        raise AssertionError("a step was taken")

    again = train([cube], [1], QUICK, network=SMALL, checkpoint_dir=tmp_path, should_stop=never)
    assert again == result


def test_other_data_or_settings_start_a_new_run(cube: TrainingCube, tmp_path: Path) -> None:
    train([cube], [1], QUICK, network=SMALL, checkpoint_dir=tmp_path, should_stop=stop_after(3))
    other = dataclasses.replace(QUICK, seed=1, max_steps=2)
    result = train([cube], [1], other, network=SMALL, checkpoint_dir=tmp_path)
    assert result.steps == 2


def test_a_damaged_state_is_not_trusted(cube: TrainingCube, tmp_path: Path) -> None:
    train([cube], [1], QUICK, network=SMALL, checkpoint_dir=tmp_path, should_stop=stop_after(2))
    state = tmp_path / "state.safetensors"
    state.write_bytes(state.read_bytes()[:-50])
    assert train([cube], [1], QUICK, network=SMALL, checkpoint_dir=tmp_path).steps == 4


def test_a_warm_start_begins_with_the_parents_weights(cube: TrainingCube, tmp_path: Path) -> None:
    parent = train([cube], [1], QUICK, network=SMALL, checkpoint_dir=tmp_path / "parent").checkpoint
    assert parent is not None
    config = dataclasses.replace(QUICK, max_steps=0)
    child = train([cube], [1], config, checkpoint_dir=tmp_path / "child", parent=parent).checkpoint
    assert child is not None
    one, two = weights(parent), weights(child)
    assert all(torch.equal(one[name], two[name]) for name in one)
    meta = load_checkpoint(child).meta
    assert meta.network == load_checkpoint(parent).meta.network
    assert meta.parent is not None
    assert meta.learned == {"toy": KNOWN}


def test_a_parent_of_other_classes_is_refused(cube: TrainingCube, tmp_path: Path) -> None:
    parent = train([cube], [1], QUICK, network=SMALL, checkpoint_dir=tmp_path / "parent").checkpoint
    with pytest.raises(ValueError, match="knows the classes"):
        train([cube], [1, 2], QUICK, checkpoint_dir=tmp_path / "child", parent=parent)


def test_held_out_slices_are_one_block_and_stay_where_the_parent_had_them() -> None:
    image, labels = blobs((60, 16, 16), count=20)
    config = dataclasses.replace(QUICK, validation_minimum=10, validation_share=0.2)
    known = list(range(0, 60, 3))
    cube = cube_of(image, labels, known)
    (block,) = hold_out([cube], [1], config).values()
    assert len(block) == 4
    assert max(block) - min(block) == 9
    more = cube_of(image, labels, sorted({*known, *range(1, 60, 6)}))
    (later,) = hold_out([more], [1], config, {"toy": [30, 33, 36, 39]}).values()
    assert len(later) == 6
    assert min(later) >= 25
    assert max(later) <= 44
    assert hold_out([cube_of(image, labels, known[:9])], [1], config) == {}


def test_held_out_slices_are_never_trained_on_and_are_measured(tmp_path: Path) -> None:
    image, labels = blobs((20, 24, 24))
    config = dataclasses.replace(QUICK, validation_minimum=10, validation_share=0.2)
    cube = cube_of(image, labels, list(range(20)))
    result = train([cube], [1], config, network=SMALL, checkpoint_dir=tmp_path)
    assert result.checkpoint is not None
    assert result.validation_dice is not None
    meta = load_checkpoint(result.checkpoint).meta
    assert len(meta.held_out["toy"]) == 4
    assert set(meta.held_out["toy"]) | set(meta.learned["toy"]) == set(range(20))
    assert not set(meta.held_out["toy"]) & set(meta.learned["toy"])


def test_a_run_needs_a_budget_and_a_cube(cube: TrainingCube, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="budget"):
        train([cube], [1], TrainConfig(max_seconds=None), checkpoint_dir=tmp_path)
    with pytest.raises(ValueError, match="no cube"):
        train([], [1], QUICK, checkpoint_dir=tmp_path)


def test_a_budget_in_seconds_is_kept(cube: TrainingCube, tmp_path: Path) -> None:
    config = dataclasses.replace(QUICK, max_steps=None, max_seconds=1.0)
    result = train([cube], [1], config, network=SMALL, checkpoint_dir=tmp_path)
    assert 1.0 <= result.seconds < 4.0
    assert result.steps >= 1


def test_the_learning_rate_rises_and_falls_over_the_budget() -> None:
    rates = [learning_rate(fraction, 1.0) for fraction in np.linspace(0, 1, 51)]
    assert max(rates) == pytest.approx(1.0, abs=0.01)
    assert rates[0] == pytest.approx(0.1)
    assert rates[-1] == pytest.approx(0.01)
    assert all(rate > 0 for rate in rates)


def poor_cubes() -> dict[str, tuple[NDArray[np.floating], NDArray[np.uint8], list[int]]]:
    rng = np.random.default_rng(0)
    noise = rng.normal(100, 20, (6, 20, 20))
    some = (rng.random((6, 20, 20)) > 0.7).astype(np.uint8)
    holes = noise.copy()
    holes[:, :8] = np.nan
    return {
        "one slice": (noise[:1], some[:1], [0]),
        "no foreground": (noise, np.zeros_like(some), [1, 4]),
        "all foreground": (noise, np.ones_like(some), [1, 4]),
        "NaN in the image": (holes, some, [1, 4]),
        "a constant image": (np.full_like(noise, 7.0), some, [1, 4]),
        "labels in one slice only": (noise, some, [3]),
    }


@pytest.mark.parametrize("name", list(poor_cubes()))
def test_poor_data_neither_crashes_nor_gives_nan(name: str, tmp_path: Path) -> None:
    image, labels, known = poor_cubes()[name]
    low, high = float(np.nanmin(image)), float(np.nanmax(image))
    cube = TrainingCube(image, low, high, {z: TrainingSlice(labels[z]) for z in known})
    config = dataclasses.replace(QUICK, slice_faults=0.5)
    result = train([cube], [1], config, network=SMALL, checkpoint_dir=tmp_path)
    assert result.checkpoint is not None
    assert all(torch.isfinite(tensor).all() for tensor in weights(result.checkpoint).values())
    assert all(np.isfinite(value) for value in result.curves[-1].losses.values())
    for block in predict(result.checkpoint, image, low, high, PredictConfig(threads=1)):
        assert np.isfinite(block.probabilities).all()


@pytest.mark.parametrize("loss", ["bce", "lsgan"])
def test_every_adversarial_loss_trains_several_cubes_of_several_classes(
    loss: str, tmp_path: Path
) -> None:
    image, labels = blobs((6, 24, 30))
    labels[:, :12] *= 2
    cubes = [cube_of(image, labels, [1, 4], key="a"), cube_of(image[:1], labels[:1], [0], key="b")]
    config = dataclasses.replace(QUICK, adversarial_loss=loss)
    result = train(cubes, [1, 2], config, network=SMALL, checkpoint_dir=tmp_path)
    assert result.checkpoint is not None
    meta = load_checkpoint(result.checkpoint).meta
    assert (meta.classes, meta.network.classes) == ((1, 2), 2)
    assert meta.learned == {"a": [1, 4], "b": [0]}


def test_without_soft_targets_a_run_learns_what_was_agreed_on(tmp_path: Path) -> None:
    image, labels = blobs()
    votes = VoteShares((40, 44), np.arange(900), np.full((900, 1), 0.4, np.float16))
    known = {8: TrainingSlice(labels[8], None, votes)}
    disputed = TrainingCube(image, 40.0, 200.0, known, key="toy")

    def learned(name: str, cube: TrainingCube, soft: bool) -> dict[str, torch.Tensor]:
        config = dataclasses.replace(QUICK, soft_targets=soft)
        result = train([cube], [1], config, checkpoint_dir=tmp_path / name, network=SMALL)
        assert result.checkpoint is not None
        return weights(result.checkpoint)

    agreed = learned("agreed", cube_of(image, labels, [8]), soft=True)
    for soft in (False, True):
        mine = learned(f"soft {soft}", disputed, soft)
        assert soft != all(torch.equal(agreed[name], mine[name]) for name in agreed)
