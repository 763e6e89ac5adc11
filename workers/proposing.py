"""What a proposal is made of, slice by slice: a model's prediction, or another tool's masks."""

from dataclasses import asdict, dataclass
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from lamella.cubes.models import Cube
from lamella.cubes.volumes import labels_reader_of, reader_of
from lamella.learning import proposals
from lamella.learning.models import ModelVersion
from lamella.studies.classes import ClassMap
from lamella.studies.policy import config_of
from lamella.volumes import codec
from lamella.volumes.slabs import SlabArray, create_array
from models.config import PredictConfig
from models.networks.checkpoint import load_checkpoint
from models.networks.device import pick_device, threads
from models.networks.predict import block_depth, predict
from models.networks.scores import SCORES, patch_scores
from models.networks.types import scale_intensity
from models.propagation.blend import blend
from models.propagation.interpolate import SignedDistances
from workers.handlers.train import local_checkpoint
from workers.runner import JobContext

COUNTS = ("labelled", "doubt")
"""Scores that count voxels, as shares of a patch's area:

labelled: voxels that the proposal labels.
doubt: voxels that it expects to be wrong, the mean probability of all but the chosen class.
"""


@dataclass(frozen=True)
class ProposedSlice:
    """labels: (H, W) of the study's dtype; probability: (K, H, W) float32; scores: (PY, PX)."""

    labels: NDArray[Any]
    probability: NDArray[np.float32]
    scores: dict[str, NDArray[np.float32]]


class Maker(Protocol):
    """Makes the slices of a proposal."""

    score_names: tuple[str, ...]
    patch: int

    def slice(self, z: int, known: SignedDistances) -> ProposedSlice: ...


class ModelMaker:
    """A trained model's probabilities, blended in log-odds with the known neighbours.

    The model's own prediction is written once and kept: when more becomes known, only the
    blending is done anew.
    """

    score_names: tuple[str, ...] = (*SCORES, *COUNTS)

    def __init__(
        self, ctx: JobContext, version: ModelVersion, cube: Cube, classes: ClassMap
    ) -> None:
        self._cube, self._classes = cube, classes
        self._config = config_of(cube.study, PredictConfig, "predict")
        self._checkpoint = load_checkpoint(local_checkpoint(version))
        self._device = pick_device(self._config.device)
        self._checkpoint.discriminator.to(self._device)
        self._image = reader_of(cube).array()
        self.patch = self._config.patch
        self._prediction = self._predict(ctx, version)

    def _predict(self, ctx: JobContext, version: ModelVersion) -> SlabArray:
        cube, classes = self._cube, self._classes
        shape: tuple[int, int, int] = tuple(cube.shape)
        target = create_array(
            proposals.prediction_root(version.pk, cube.pk),
            proposals.PROBABILITY,
            shape=(classes.count, *shape),
            dtype=np.uint8,
            attrs={"checkpoint": version.checksum, "cube": cube.checksum},
            depth=block_depth(shape, classes.count, self._config),
        )
        if target.complete:
            return target
        # Blocks are written in order, so the first one missing is where to go on.
        blocks = predict(
            self._checkpoint,
            self._image,
            cube.low,
            cube.high,
            _without_scores(self._config),
            start=target.pending[0][0],
            voxel_size=tuple(cube.voxel_size) if cube.voxel_size and cube.unit else None,
        )
        for block in blocks:
            target.write(block.z0, to_bytes(block.probabilities))
            done = block.z0 + block.probabilities.shape[1]
            ctx.progress(0.7 * done, shape[0], f"predicted {done} of {shape[0]} slices")
        target.finish()
        return target

    def slice(self, z: int, known: SignedDistances) -> ProposedSlice:
        raw = self._prediction[:, z : z + 1].astype(np.float32) / np.float32(255)
        blended = blend(raw, z, known)[:, 0]
        labels = self._classes.to_values(most_likely(blended))
        scores = self._scores(z, blended) | counts(labels, blended, self.patch)
        return ProposedSlice(labels, blended, scores)

    def _scores(self, z: int, probability: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        image = scale_intensity(self._image[z : z + 1][0], self._cube.low, self._cube.high)
        with torch.inference_mode(), threads(self._config.threads):
            return patch_scores(
                self._checkpoint.discriminator,
                torch.from_numpy(image).to(self._device),
                torch.from_numpy(np.ascontiguousarray(probability)).to(self._device),
                self.patch,
            )


class ExternalMaker:
    """Another tool's masks, with what people know put over them."""

    score_names: tuple[str, ...] = COUNTS
    patch = 32

    def __init__(self, version: ModelVersion, cube: Cube, classes: ClassMap) -> None:
        assert version.labels is not None
        self._labels = labels_reader_of(version.labels).array()
        self._classes = classes

    def slice(self, z: int, known: SignedDistances) -> ProposedSlice:
        values = codec.narrow(
            codec.widen(np.asarray(self._labels[z : z + 1][0])), self._classes.dtype
        )
        values[values == codec.unsure_of(values.dtype)] = 0
        chosen = self._classes.to_classes(values)
        shares = np.stack(
            [(chosen == k).astype(np.float32) for k in range(1, self._classes.count + 1)]
        )
        known.overwrite(z, shares)
        if z in known.known and not self._classes.instances:
            values = self._classes.to_values(most_likely(shares))
        return ProposedSlice(values, shares, counts(values, shares, self.patch))


def most_likely(probability: NDArray[np.floating[Any]]) -> NDArray[np.intp]:
    """(H, W) class 0..K that is likeliest, from (K, H, W) probabilities of classes 1..K."""
    rest = 1.0 - probability.sum(axis=0, keepdims=True)
    chosen: NDArray[np.intp] = np.concatenate([rest, probability]).argmax(axis=0)
    return chosen


def counts(
    labels: NDArray[Any], probability: NDArray[np.float32], patch: int
) -> dict[str, NDArray[np.float32]]:
    """COUNTS of one slice, each (PY, PX) float32."""
    rest = 1.0 - probability.sum(axis=0)
    doubt = 1.0 - np.maximum(probability.max(axis=0), rest)
    return {
        "labelled": patch_means((labels != 0).astype(np.float32), patch),
        "doubt": patch_means(np.clip(doubt, 0, 1), patch),
    }


def patch_means(plane: NDArray[np.float32], patch: int) -> NDArray[np.float32]:
    """Means of patch x patch blocks of (H, W); cut-off blocks average what there is of them."""
    rows, columns = range(0, plane.shape[0], patch), range(0, plane.shape[1], patch)
    sums = np.add.reduceat(np.add.reduceat(plane, rows, axis=0), columns, axis=1)
    heights = np.diff([*rows, plane.shape[0]])
    widths = np.diff([*columns, plane.shape[1]])
    means: NDArray[np.float32] = (sums / np.outer(heights, widths)).astype(np.float32)
    return means


def to_bytes(probability: NDArray[np.floating[Any]]) -> NDArray[np.uint8]:
    """Probabilities as uint8, 255 is certain."""
    scaled: NDArray[np.uint8] = np.round(np.clip(probability, 0, 1) * 255).astype(np.uint8)
    return scaled


def _without_scores(config: PredictConfig) -> PredictConfig:
    return PredictConfig(**{**asdict(config), "scores": False})
