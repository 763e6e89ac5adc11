"""Checkpoints: safetensors with JSON inside. No pickle is ever read or written."""

import contextlib
import dataclasses
import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from models.config import NetworkConfig
from models.networks.discriminator import PatchDiscriminator
from models.networks.segmenter import Segmenter

FORMAT = "lamella-networks-3"
"""Names the layout of the file and of the networks; raised when either changes."""


class CheckpointError(ValueError):
    """A checkpoint cannot be used, in one sentence that says why."""


@dataclass(frozen=True, slots=True)
class CheckpointMeta:
    """How a checkpoint's weights came about."""

    network: NetworkConfig
    classes: tuple[int, ...]
    """Label values of the foreground channels, in order; none where it only was pretrained."""
    voxel_size: tuple[float, float, float]
    """(z, y, x) of the cubes it learned from."""
    data_hash: str
    code_version: str
    training: dict[str, Any]
    """The training settings."""
    steps: int
    seconds: float
    validation_dice: float | None
    parent: str | None = None
    """sha256 of the checkpoint that training started from."""
    origin: str | None = None
    """sha256 of the checkpoint, pretrained or another study's, that gave all but the head."""
    learned: dict[str, list[int]] = dataclasses.field(default_factory=dict)
    """Slices that this model or an ancestor was trained on, by the cube's key."""
    held_out: dict[str, list[int]] = dataclasses.field(default_factory=dict)
    """Slices held out for validation, by the cube's key."""
    run: str = ""
    """Fingerprint of the training run, which is not run again."""
    curves: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    """The run's progress over time: fields of TrainProgress."""


@dataclass(frozen=True, slots=True, eq=False)
class Checkpoint:
    """A model ready for use: averaged weights, in evaluation mode."""

    segmenter: Segmenter
    discriminator: PatchDiscriminator
    meta: CheckpointMeta


def save_checkpoint(
    path: Path, segmenter: nn.Module, discriminator: nn.Module, meta: CheckpointMeta
) -> None:
    """Write a checkpoint in one atomic step."""
    tensors = {f"segmenter.{k}": v for k, v in segmenter.state_dict().items()}
    tensors |= {f"discriminator.{k}": v for k, v in discriminator.state_dict().items()}
    write_tensors(path, tensors, {"format": FORMAT, "meta": dataclasses.asdict(meta)})


def load_checkpoint(path: Path, device: torch.device | str = "cpu") -> Checkpoint:
    """Read a checkpoint.

    Raises CheckpointError where the file is missing, damaged, a pickle, of another format, or
    where its tensors do not fit the network that its settings describe.
    """
    tensors, document = read_tensors(path)
    if document.get("format") != FORMAT:
        raise CheckpointError(
            f"The checkpoint {path.name} is not of the format {FORMAT}; train the model again."
        )
    meta = _meta_from(path, document.get("meta"))
    segmenter = Segmenter(meta.network)
    discriminator = PatchDiscriminator(meta.network)
    for name, module in (("segmenter", segmenter), ("discriminator", discriminator)):
        load_module(module, part(tensors, name), path)
        module.eval().requires_grad_(False).to(device)
    return Checkpoint(segmenter, discriminator, meta)


def file_hash(path: Path) -> str:
    """sha256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def part(tensors: Mapping[str, Tensor], name: str) -> dict[str, Tensor]:
    """The tensors under `name.`, without that prefix."""
    return {k.removeprefix(f"{name}."): v for k, v in tensors.items() if k.startswith(f"{name}.")}


def load_module(module: nn.Module, tensors: Mapping[str, Tensor], path: Path) -> None:
    """Fill a module; CheckpointError names the first tensor that does not fit."""
    expected = module.state_dict()
    for name in sorted(expected.keys() | tensors.keys()):
        want = tuple(expected[name].shape) if name in expected else "nothing"
        have = tuple(tensors[name].shape) if name in tensors else "nothing"
        if want != have:
            raise CheckpointError(
                f"The checkpoint {path.name} does not fit this network: {name} should be {want}, "
                f"but the file holds {have}."
            )
    module.load_state_dict(dict(tensors))


def write_tensors(path: Path, tensors: Mapping[str, Tensor], document: dict[str, Any]) -> None:
    """Write tensors and a JSON document as one safetensors file, atomically."""
    flat = {k: v.detach().to("cpu").contiguous().clone() for k, v in tensors.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        save_file(flat, temporary, metadata={"json": json.dumps(document)})
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            temporary.unlink()


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Tensors and JSON document of a file that write_tensors made; CheckpointError otherwise."""
    try:
        with path.open("rb") as file:
            head = file.read(9)
    except OSError as error:
        raise CheckpointError(f"The checkpoint {path.name} cannot be read: {error}.") from error
    if head[8:] != b"{" and head.startswith((b"\x80", b"PK")):
        # What torch.save writes: a pickle, bare or in a zip archive. A safetensors file begins with
        # the length of its JSON in eight bytes, which may look like either.
        raise CheckpointError(
            f"The checkpoint {path.name} is a pickle, which is never loaded because it can run "
            "code; convert it to safetensors."
        )
    try:
        with safe_open(path, framework="pt") as file:
            document = json.loads((file.metadata() or {}).get("json", "{}"))
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, json.JSONDecodeError, RuntimeError) as error:
        # A RuntimeError where the file is shorter than its header says, or replaced while read.
        raise CheckpointError(
            f"The checkpoint {path.name} is damaged or no safetensors file: {error}."
        ) from error
    if not isinstance(document, dict):
        raise CheckpointError(f"The checkpoint {path.name} holds no settings.")
    return tensors, document


def _meta_from(path: Path, document: object) -> CheckpointMeta:
    try:
        if not isinstance(document, dict):
            raise TypeError("no settings")
        network = dict(document["network"])
        for name in ("channels", "critic_channels"):
            network[name] = tuple(network[name])
        values = document | {
            "network": NetworkConfig(**network),
            "classes": tuple(document["classes"]),
            "voxel_size": tuple(document["voxel_size"]),
        }
        return CheckpointMeta(**values)
    except (KeyError, TypeError) as error:
        raise CheckpointError(
            f"The settings in the checkpoint {path.name} cannot be understood: {error}."
        ) from error
