"""Where training starts: a parent, a pretrained network, another study's model."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from models.config import PretrainConfig
from models.networks.checkpoint import load_checkpoint, read_tensors
from models.networks.pretrain import pretrain
from models.networks.train import train
from models.networks.types import TrainingCube
from tests.models.networks.toys import QUICK, SMALL, blobs, cube_of

KNOWN = [2, 6, 10]
STILL = dataclasses.replace(QUICK, max_steps=0)
LEARN = PretrainConfig(
    max_seconds=None, max_steps=2, crop=32, windows=2, pixels=0, threads=1, checkpoint_seconds=1e9
)


def weights(path: Path) -> dict[str, torch.Tensor]:
    """The segmenter's tensors by name."""
    return {
        name.removeprefix("segmenter."): tensor
        for name, tensor in read_tensors(path)[0].items()
        if name.startswith("segmenter.")
    }


@pytest.fixture(scope="module")
def cube() -> TrainingCube:
    return cube_of(*blobs(), KNOWN)


@pytest.fixture(scope="module")
def pretrained(cube: TrainingCube, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pretrained")
    path = pretrain([cube], LEARN, network=SMALL, checkpoint_dir=folder).checkpoint
    assert path is not None
    return path


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of another study, which has two classes."""
    image, labels = blobs(seed=1)
    labels[:, :20] *= 2
    folder = tmp_path_factory.mktemp("elsewhere")
    other = cube_of(image, labels, KNOWN, key="other")
    path = train([other], [1, 2], QUICK, network=SMALL, checkpoint_dir=folder).checkpoint
    assert path is not None
    return path


def test_all_but_the_head_is_taken_from_another_study(
    cube: TrainingCube, elsewhere: Path, tmp_path: Path
) -> None:
    child = train([cube], [1], STILL, checkpoint_dir=tmp_path, origin=elsewhere).checkpoint
    assert child is not None
    one, two = weights(elsewhere), weights(child)
    for name in two:
        if name.startswith("head."):
            assert two[name].shape[0] == 2
        elif one[name].shape == two[name].shape:
            assert torch.equal(one[name], two[name]), name
        else:  # what is shown beside a slice, a mask a class
            assert name == "beside.0.0.weight"
    meta = load_checkpoint(child).meta
    assert (meta.classes, meta.parent) == ((1,), None)
    assert meta.origin is not None
    assert set(meta.learned) == {"toy", "other"}


def test_one_pretrained_for_as_many_classes_is_taken_with_its_head(
    cube: TrainingCube, pretrained: Path, tmp_path: Path
) -> None:
    child = train([cube], [1], STILL, checkpoint_dir=tmp_path / "1", origin=pretrained).checkpoint
    assert child is not None
    one, two = weights(pretrained), weights(child)
    assert all(torch.equal(one[name], two[name]) for name in two)
    meta = load_checkpoint(child).meta
    assert (meta.classes, set(meta.learned)) == ((1,), {"toy"})
    more = train([cube], [1, 2], STILL, checkpoint_dir=tmp_path / "2", origin=pretrained).checkpoint
    assert more is not None
    assert weights(more)["head.weight"].shape[0] == 3
    assert torch.equal(one["down.0.0.weight"], weights(more)["down.0.0.weight"])


def test_the_encoder_alone_can_be_taken(
    cube: TrainingCube, pretrained: Path, tmp_path: Path
) -> None:
    config = dataclasses.replace(STILL, taken="encoder")
    child = train([cube], [1], config, checkpoint_dir=tmp_path, origin=pretrained).checkpoint
    assert child is not None
    one, two = weights(pretrained), weights(child)
    for name, tensor in two.items():
        if name.startswith("down."):
            assert torch.equal(one[name], tensor)
    assert not torch.equal(one["up.0.0.weight"], two["up.0.0.weight"])


def test_training_the_decoder_alone_leaves_the_encoder_as_it_was(
    cube: TrainingCube, pretrained: Path, tmp_path: Path
) -> None:
    config = dataclasses.replace(QUICK, trainable="decoder")
    child = train([cube], [1], config, checkpoint_dir=tmp_path, origin=pretrained).checkpoint
    assert child is not None
    one, two = weights(pretrained), weights(child)
    for name, tensor in two.items():
        if name.startswith("down."):
            assert torch.equal(one[name], tensor), name
    assert not torch.equal(one["up.0.0.weight"], two["up.0.0.weight"])


def test_an_origin_is_learned_from_at_the_full_rate_and_a_parent_at_a_low_one(
    cube: TrainingCube, pretrained: Path, tmp_path: Path
) -> None:
    one_step = dataclasses.replace(QUICK, max_steps=1)
    child = train([cube], [1], one_step, checkpoint_dir=tmp_path / "a", origin=pretrained)
    assert child.checkpoint is not None
    later = train([cube], [1], one_step, checkpoint_dir=tmp_path / "b", parent=child.checkpoint)
    assert later.checkpoint is not None
    rates = (QUICK.learning_rate, QUICK.warm_learning_rate)
    steps = [
        float((weights(after)["up.0.0.weight"] - weights(before)["up.0.0.weight"]).abs().max())
        for before, after in (
            (pretrained, child.checkpoint),
            (child.checkpoint, later.checkpoint),
        )
    ]
    assert steps[0] > 2.0 * steps[1]
    assert rates[0] > rates[1]


def test_what_does_not_go_together_is_refused(
    cube: TrainingCube, pretrained: Path, elsewhere: Path, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match="not from both"):
        train([cube], [1], STILL, checkpoint_dir=tmp_path, origin=pretrained, parent=elsewhere)
    alone = dataclasses.replace(STILL, trainable="decoder")
    with pytest.raises(ValueError, match="needs a parent or an origin"):
        train([cube], [1], alone, checkpoint_dir=tmp_path)
    wrong = dataclasses.replace(STILL, taken="head")
    with pytest.raises(ValueError, match="everything or encoder"):
        train([cube], [1], wrong, checkpoint_dir=tmp_path, origin=pretrained)
    with pytest.raises(ValueError, match="name it as the origin"):
        train([cube], [1], STILL, checkpoint_dir=tmp_path, parent=elsewhere)


def test_a_parent_of_other_pixels_makes_the_cube_be_resampled(
    cube: TrainingCube, tmp_path: Path
) -> None:
    parent = train([cube], [1], STILL, network=SMALL, checkpoint_dir=tmp_path / "a").checkpoint
    assert parent is not None
    fine = dataclasses.replace(cube, voxel_size=(1.0, 0.5, 0.5))
    child = train([fine], [1], QUICK, checkpoint_dir=tmp_path / "b", parent=parent).checkpoint
    assert child is not None
    assert load_checkpoint(child).meta.voxel_size == (1.0, 1.0, 1.0)
    far = dataclasses.replace(cube, voxel_size=(1.0, 50.0, 50.0))
    with pytest.raises(ValueError, match="more than 8 times different"):
        train([far], [1], QUICK, checkpoint_dir=tmp_path / "c", parent=parent)


def test_an_origin_of_other_pixels_leaves_the_cube_as_it_is(
    cube: TrainingCube, pretrained: Path, tmp_path: Path
) -> None:
    far = dataclasses.replace(cube, voxel_size=(1.0, 50.0, 50.0))
    child = train([far], [1], STILL, checkpoint_dir=tmp_path, origin=pretrained).checkpoint
    assert child is not None
    assert load_checkpoint(child).meta.voxel_size == (1.0, 50.0, 50.0)
    assert np.isfinite(weights(child)["head.weight"].numpy()).all()
