"""Where a run's weights begin: at chance, at a parent's, or at what an origin learned elsewhere."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch

from models.config import NetworkConfig, TrainConfig
from models.networks.checkpoint import file_hash, load_checkpoint
from models.networks.discriminator import PatchDiscriminator
from models.networks.segmenter import Segmenter

TAKEN = ("everything", "encoder")
"""What a run takes from its origin (TrainConfig.taken)."""
BODY = ("down.", "beside.", "narrow.", "up.", "along_z.")
"""The segmenter but for its head, by the names of its weights."""
HEAD = "head."
TRAINABLE = ("everything", "decoder")
"""What a run trains (TrainConfig.trainable)."""


@dataclass(frozen=True, slots=True, eq=False)
class Start:
    """The networks before the first step, and what is known of how they came about."""

    segmenter: Segmenter
    discriminator: PatchDiscriminator
    rate: float
    """Peak learning rate."""
    parent: str | None = None
    origin: str | None = None
    """sha256 of the checkpoint that the weights are from, as a parent or as an origin."""
    voxel_size: tuple[float, float, float] | None = None
    """The parent's, to which cubes are resampled."""
    learned: Mapping[str, Sequence[int]] = field(default_factory=dict)
    """Slices that the parent or origin, or one before it, was trained on, by the cube's key."""
    held_out: Mapping[str, Sequence[int]] | None = None
    """Slices that the parent held out for validation."""

    @property
    def fingerprint(self) -> str | None:
        """What to know a run by that starts here."""
        return self.parent if self.origin is None else f"origin {self.origin}"


def start(
    classes: tuple[int, ...],
    config: TrainConfig,
    network: NetworkConfig | None,
    parent: Path | None,
    origin: Path | None,
) -> Start:
    """The networks of a run, its encoder frozen where the settings say so.

    A parent is an earlier model of the same classes: all of its weights are taken, and refined with
    a low rate. An origin is any checkpoint, pretrained without labels or of a study with other
    classes: its discriminator is made anew, and so is its head, but for one that was pretrained for
    as many classes, which says what its neighbours say. The rate is the full one. Either one's
    network is kept.

    Raises ValueError where the settings do not go together or the parent's classes are others;
    CheckpointError where a checkpoint cannot be read.
    """
    for name, value, known in (
        ("taken", config.taken, TAKEN),
        ("trainable", config.trainable, TRAINABLE),
    ):
        if value not in known:
            raise ValueError(f'The setting {name} is {" or ".join(known)}, not "{value}".')
    if parent is not None and origin is not None:
        raise ValueError("Training starts from a parent or from an origin, not from both.")
    if config.trainable == "decoder" and parent is None and origin is None:
        raise ValueError(
            "Training the decoder alone needs a parent or an origin to take the encoder from."
        )
    torch.manual_seed(config.seed)
    if parent is not None:
        result = _from_parent(parent, classes, config)
    elif origin is not None:
        result = _from_origin(origin, classes, config, network)
    else:
        shape = dataclasses.replace(network or NetworkConfig(), classes=len(classes))
        result = Start(Segmenter(shape), PatchDiscriminator(shape), config.learning_rate)
    if config.trainable == "decoder":
        result.segmenter.freeze_encoder()
    return result


def _from_parent(path: Path, classes: tuple[int, ...], config: TrainConfig) -> Start:
    found = load_checkpoint(path)
    if found.meta.classes != classes:
        raise ValueError(
            f"The parent model knows the classes {found.meta.classes}, not {classes}; "
            "train without a parent, or name it as the origin."
        )
    segmenter = Segmenter(found.meta.network)
    segmenter.load_state_dict(found.segmenter.state_dict())
    discriminator = PatchDiscriminator(found.meta.network)
    discriminator.load_state_dict(found.discriminator.state_dict())
    return Start(
        segmenter,
        discriminator,
        config.warm_learning_rate,
        parent=file_hash(path),
        voxel_size=found.meta.voxel_size,
        learned=found.meta.learned,
        held_out=found.meta.held_out,
    )


def _from_origin(
    path: Path, classes: tuple[int, ...], config: TrainConfig, network: NetworkConfig | None
) -> Start:
    found = load_checkpoint(path)
    neighbours = (network or NetworkConfig()).neighbours
    shape = dataclasses.replace(found.meta.network, classes=len(classes), neighbours=neighbours)
    segmenter, discriminator = Segmenter(shape), PatchDiscriminator(shape)
    own = segmenter.state_dict()
    if config.taken == "encoder":
        parts: tuple[str, ...] = ("down.",)
    else:
        parts = BODY if found.meta.classes else (*BODY, HEAD)
    taken = {
        name: tensor
        for name, tensor in found.segmenter.state_dict().items()
        if name.startswith(parts)
        and name in own
        # How many masks a neighbour shows depends on the classes.
        and tensor.shape == own[name].shape
    }
    segmenter.load_state_dict(own | taken)
    return Start(
        segmenter,
        discriminator,
        config.learning_rate,
        origin=file_hash(path),
        learned=found.meta.learned,
    )
