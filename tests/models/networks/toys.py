"""Small cubes and small networks that the tests of the networks share."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from models.config import NetworkConfig, TrainConfig
from models.networks.checkpoint import Checkpoint, CheckpointMeta
from models.networks.discriminator import PatchDiscriminator
from models.networks.segmenter import Segmenter
from models.networks.types import TrainingCube, TrainingSlice

SMALL = NetworkConfig(
    channels=(8, 16, 16), recurrent_channels=8, critic_channels=(8, 8, 8), memory=2.0
)
QUICK = TrainConfig(
    max_seconds=None,
    max_steps=4,
    crop=32,
    window=3,
    windows=2,
    threads=1,
    checkpoint_seconds=0.0,
    validation_minimum=100,
)


def untrained(network: NetworkConfig = SMALL) -> Checkpoint:
    """A model that has learned nothing, the same at every call."""
    torch.manual_seed(0)
    meta = CheckpointMeta(
        network=network,
        classes=tuple(range(1, network.classes + 1)),
        voxel_size=(1.0, 1.0, 1.0),
        data_hash="",
        code_version="",
        training={},
        steps=0,
        seconds=0.0,
        validation_dice=None,
    )
    return Checkpoint(Segmenter(network).eval(), PatchDiscriminator(network).eval(), meta)


def blobs(
    shape: tuple[int, int, int] = (16, 40, 44),
    count: int = 6,
    seed: int = 0,
    noise: float = 25.0,
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Image and labels (ZYX) of bright balls in noise."""
    rng = np.random.default_rng(seed)
    grid = np.stack(np.meshgrid(*(np.arange(n) for n in shape), indexing="ij"))
    labels = np.zeros(shape, np.uint8)
    for _ in range(count):
        centre = rng.uniform(0, 1, 3) * shape
        radius = rng.uniform(4, 8)
        labels[((grid - centre[:, None, None, None]) ** 2).sum(axis=0) < radius**2] = 1
    image = 80 + 80 * labels + rng.normal(0, noise, shape)
    return image.clip(0, 255).astype(np.uint8), labels


def cube_of(
    image: NDArray[Any], labels: NDArray[np.uint8], known: list[int], key: str = "toy"
) -> TrainingCube:
    """A cube with robust range 40 to 200 and whole slices known."""
    return TrainingCube(image, 40.0, 200.0, {z: TrainingSlice(labels[z]) for z in known}, key=key)


def dice(a: NDArray[Any], b: NDArray[Any]) -> float:
    return float(2.0 * (a & b).sum() / max(1, a.sum() + b.sum()))


class Spy:
    """An array-like that notes how many slices are read at once, and which."""

    def __init__(self, array: NDArray[Any]) -> None:
        self.array = array
        self.shape = array.shape
        self.most = 0
        self.seen: set[int] = set()

    def __getitem__(self, key: Any) -> NDArray[Any]:
        z = range(self.shape[0])[key]
        self.most = max(self.most, len(z))
        self.seen |= set(z)
        part: NDArray[Any] = self.array[key]
        return part


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}
