"""Checkpoints: what is stored comes back, and what must not be loaded is refused."""

import dataclasses
import pickle
import zipfile
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from models.networks.checkpoint import (
    CheckpointError,
    CheckpointMeta,
    load_checkpoint,
    read_tensors,
    save_checkpoint,
    write_tensors,
)
from models.networks.discriminator import PatchDiscriminator
from models.networks.segmenter import Segmenter
from tests.models.networks.toys import SMALL, files

META = CheckpointMeta(
    network=SMALL,
    classes=(3,),
    voxel_size=(40.0, 4.0, 4.0),
    data_hash="d" * 64,
    code_version="0.1.0",
    training={"seed": 7},
    steps=12,
    seconds=3.5,
    validation_dice=None,
    learned={"cube": [1, 5]},
    held_out={"cube": [7]},
)


class Evil:
    """Leaves a file behind if it is ever unpickled."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return Path.touch, (self.trace,)


@pytest.fixture
def saved(tmp_path: Path) -> tuple[Path, Segmenter]:
    torch.manual_seed(1)
    segmenter = Segmenter(SMALL)
    path = tmp_path / "model.safetensors"
    save_checkpoint(path, segmenter, PatchDiscriminator(SMALL), META)
    return path, segmenter


def test_a_checkpoint_comes_back_as_it_was_saved(saved: tuple[Path, Segmenter]) -> None:
    path, segmenter = saved
    loaded = load_checkpoint(path)
    assert loaded.meta == META
    image = torch.randn(1, 3, 16, 16)
    torch.testing.assert_close(loaded.segmenter(image), segmenter.eval()(image))
    assert files(path.parent) == {"model.safetensors"}


@pytest.mark.parametrize("name", ["bare", "torch", "zip"])
def test_a_pickle_is_refused_and_never_run(tmp_path: Path, name: str) -> None:
    path, trace = tmp_path / "model.safetensors", tmp_path / "trace"
    if name == "bare":
        path.write_bytes(pickle.dumps(Evil(trace)))
    elif name == "torch":
        torch.save({"weights": Evil(trace)}, path)
    else:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("data.pkl", pickle.dumps(Evil(trace)))
    with pytest.raises(CheckpointError, match="is a pickle, which is never loaded"):
        load_checkpoint(path)
    assert not trace.exists()


def test_a_truncated_checkpoint_is_refused(saved: tuple[Path, Segmenter]) -> None:
    path, _ = saved
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(CheckpointError, match="damaged"):
        load_checkpoint(path)


def test_a_missing_checkpoint_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="cannot be read"):
        load_checkpoint(tmp_path / "none.safetensors")


def test_tensors_of_other_shapes_are_refused_by_name(saved: tuple[Path, Segmenter]) -> None:
    path, _ = saved
    tensors, document = read_tensors(path)
    tensors["segmenter.head.weight"] = torch.zeros(5, 5)
    write_tensors(path, tensors, document)
    with pytest.raises(CheckpointError, match=r"head.weight should be \(2, 8, 1, 1\)"):
        load_checkpoint(path)
    del tensors["segmenter.head.weight"]
    write_tensors(path, tensors, document)
    with pytest.raises(CheckpointError, match=r"head\.weight"):
        load_checkpoint(path)


def test_a_foreign_safetensors_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "foreign.safetensors"
    save_file({"weight": torch.zeros(2)}, path)
    with pytest.raises(CheckpointError, match="not of the format"):
        load_checkpoint(path)


def test_settings_that_cannot_be_understood_are_refused(saved: tuple[Path, Segmenter]) -> None:
    path, _ = saved
    tensors, document = read_tensors(path)
    cases: list[object] = [{}, document["meta"] | {"colour": "blue"}, None]
    for broken in cases:
        write_tensors(path, tensors, document | {"meta": broken})
        with pytest.raises(CheckpointError, match="settings"):
            load_checkpoint(path)


def test_the_voxel_size_and_classes_travel_with_the_weights(saved: tuple[Path, Segmenter]) -> None:
    meta = load_checkpoint(saved[0]).meta
    assert (meta.voxel_size, meta.classes) == ((40.0, 4.0, 4.0), (3,))
    assert dataclasses.replace(meta, steps=0) != meta
