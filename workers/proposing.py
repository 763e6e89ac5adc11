"""What a proposal is made of, slice by slice: a model's prediction, or another tool's masks."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
from lamella.volumes.geometry import Region
from lamella.volumes.slabs import SlabArray, create_array
from models.config import PredictConfig
from models.labels import most_likely
from models.networks.checkpoint import load_checkpoint
from models.networks.device import pick_device, threads
from models.networks.predict import block_depth, predict, views_of
from models.networks.resample import model_size
from models.networks.scores import SCORES, patch_grid, scores_at_size
from models.networks.tiles import Box
from models.networks.types import TrainingSlice, scale_intensity
from models.propagation.blend import blend_slice
from models.propagation.disagreement import against_interpolation, known_distance
from models.propagation.interpolate import SignedDistances
from models.propagation.known import KnownSlice
from workers.plane_scores import ALONG_Z, COUNTS, Plane, Stack, counts, entropies, entropy_names
from workers.runner import JobContext
from workers.runs import local_checkpoint

FLIP_DISAGREEMENT = "flip_disagreement"
"""Patch score: how far the foreground of mirrored views differs; of several views alone."""


@dataclass(frozen=True)
class ProposedSlice:
    """labels: (H, W) of the study's dtype; probability: (K, H, W) float32; scores: (PY, PX)."""

    labels: NDArray[Any]
    probability: NDArray[np.float32]
    scores: dict[str, NDArray[np.float32]]


class Maker(Protocol):
    """Makes the slices of a proposal. has_ids: its labels are object ids where the study's are."""

    has_ids: bool
    score_names: tuple[str, ...]
    patch: int

    def slice(self, z: int, known: SignedDistances) -> ProposedSlice: ...


class ModelMaker:
    """A trained model's probabilities, blended in log-odds with the known neighbours.

    The model looks at the known neighbours too, so its prediction is kept for as long as the same
    is known.
    """

    has_ids = False

    def __init__(
        self,
        ctx: JobContext,
        version: ModelVersion,
        cube: Cube,
        classes: ClassMap,
        known: Mapping[int, KnownSlice],
        mark: str,
    ) -> None:
        """known: what is known of the cube, in classes; mark: what to know it by."""
        self._cube, self._classes = cube, classes
        self._config = config_of(cube.study, PredictConfig, "predict")
        self._checkpoint = load_checkpoint(local_checkpoint(version))
        self._device = pick_device(self._config.device)
        self._checkpoint.discriminator.to(self._device)
        self._image = reader_of(cube).array()
        self.patch = self._config.patch
        shape: tuple[int, int, int] = tuple(cube.shape)
        learned_from = self._checkpoint.meta.voxel_size
        self._size = model_size(shape, _voxel_size(cube), learned_from)
        self._prediction, self._flips = self._predict(ctx, version, known, mark)
        self.score_names = (
            *SCORES,
            *COUNTS,
            *ALONG_Z,
            *entropy_names(classes.count),
            *([] if self._flips is None else [FLIP_DISAGREEMENT]),
        )
        self._stack = Stack(self._blend)

    def _predict(
        self, ctx: JobContext, version: ModelVersion, known: Mapping[int, KnownSlice], mark: str
    ) -> tuple[SlabArray, SlabArray | None]:
        """The model's probabilities, and how far mirrored views of it differ, by patch."""
        cube, classes = self._cube, self._classes
        shape: tuple[int, int, int] = tuple(cube.shape)
        root = proposals.prediction_root(version.pk, cube.pk)
        depth = block_depth(shape, classes.count, self._config)
        told = {"checkpoint": version.checksum, "cube": cube.checksum, "known": mark}
        flips = None
        if len(views_of(self._checkpoint, self._config)) > 1:
            grid = patch_grid(shape[1], shape[2], self._config.patch)
            flips = create_array(
                root,
                FLIP_DISAGREEMENT,
                shape=(shape[0], *grid),
                dtype=np.float32,
                attrs=told,
                depth=depth,
            )
        target = create_array(
            root,
            proposals.PROBABILITY,
            shape=(classes.count, *shape),
            dtype=np.uint8,
            attrs=told,
            depth=depth,
        )
        if target.complete:
            # Mirrored views may have been switched on after the prediction was made.
            return target, flips if flips is not None and flips.complete else None
        # Blocks are written in order, so the first one missing is where to go on.
        blocks = predict(
            self._checkpoint,
            self._image,
            cube.low,
            cube.high,
            self._config,
            known=_shown(known),
            start=target.pending[0][0],
            voxel_size=_voxel_size(cube),
        )
        for block in blocks:
            if flips is not None and block.disagreement is not None:
                flips.write(block.z0, block.disagreement)
            target.write(block.z0, to_bytes(block.probabilities))
            done = block.z0 + block.probabilities.shape[1]
            ctx.progress(0.7 * done, shape[0], f"predicted {done} of {shape[0]} slices")
        target.finish()
        if flips is None or not flips.complete:
            return target, None
        flips.finish()
        return target, flips

    def slice(self, z: int, known: SignedDistances) -> ProposedSlice:
        plane = self._stack.at(z, known)
        labels = self._classes.to_values(most_likely(plane.probability))
        scores = self._scores(z, plane.probability) | counts(labels, plane.probability, self.patch)
        scores |= self._stack.scores(z, known, self.patch)
        scores |= entropies(plane.probability, self.patch)
        if self._flips is not None:
            scores[FLIP_DISAGREEMENT] = self._flips[z : z + 1][0].astype(np.float32)
        return ProposedSlice(labels, plane.probability, scores)

    def _blend(self, z: int, known: SignedDistances) -> Plane:
        raw = self._prediction[:, z : z + 1][:, 0].astype(np.float32) / np.float32(255)
        evidence = known.logit_evidence(z)
        blended = blend_slice(raw, evidence, known.config) if known.known else raw
        known.overwrite(z, blended)
        return Plane(
            blended,
            against_interpolation(raw, evidence),
            known_distance(evidence, known.config.reach),
        )

    def _scores(self, z: int, probability: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        image = scale_intensity(self._image[z : z + 1][0], self._cube.low, self._cube.high)
        with torch.inference_mode(), threads(self._config.threads):
            return scores_at_size(
                self._checkpoint.discriminator,
                torch.from_numpy(image).to(self._device),
                torch.from_numpy(np.ascontiguousarray(probability)).to(self._device),
                self.patch,
                self._size,
            )


def ask_again(
    version: ModelVersion,
    cube: Cube,
    classes: ClassMap,
    known: Mapping[int, KnownSlice],
    mark: str,
    places: Sequence[Region],
) -> None:
    """Predict some places with an earlier version, showing it what is known now.

    known, mark: as for ModelMaker. Another tool's masks do not depend on what is known.
    """
    if not places or version.kind == ModelVersion.Kind.EXTERNAL:
        return
    config = config_of(cube.study, PredictConfig, "predict")
    shape: tuple[int, int, int] = tuple(cube.shape)
    boxes: dict[int, list[Box]] = defaultdict(list)
    for at in sorted(places, key=lambda place: (place.z, place.y0, place.x0)):
        boxes[at.z].append(Box(at.rows.start, at.rows.stop, at.columns.start, at.columns.stop))
    told = {"checkpoint": version.checksum, "cube": cube.checksum, "known": mark}
    target = create_array(
        proposals.prediction_root(version.pk, cube.pk),
        proposals.AGAIN,
        shape=(classes.count, *shape),
        dtype=np.uint8,
        # What is not asked for stays empty, so for other places it is made anew.
        attrs={**told, "places": [[z, *box] for z, asked in boxes.items() for box in asked]},
        depth=block_depth(shape, classes.count, config),
    )
    blocks = predict(
        local_checkpoint(version),
        reader_of(cube).array(),
        cube.low,
        cube.high,
        config,
        known=_shown(known),
        only={z: b for z, b in boxes.items() if any(z0 <= z < z1 for z0, z1 in target.pending)},
        voxel_size=_voxel_size(cube),
    )
    for block in blocks:
        target.write(block.z0, to_bytes(block.probabilities))


def _shown(known: Mapping[int, KnownSlice]) -> dict[int, TrainingSlice]:
    return {z: TrainingSlice(slice_.labels, slice_.valid) for z, slice_ in known.items()}


def _voxel_size(cube: Cube) -> tuple[float, float, float] | None:
    return tuple(cube.voxel_size) if cube.voxel_size and cube.unit else None


class ExternalMaker:
    """Another tool's masks, with what people know put over them."""

    has_ids = True
    score_names: tuple[str, ...] = (*COUNTS, *ALONG_Z)
    patch = 32

    def __init__(self, version: ModelVersion, cube: Cube, classes: ClassMap) -> None:
        assert version.labels is not None
        self._labels = labels_reader_of(version.labels).array()
        self._classes = classes
        self._stack = Stack(self._plane)

    def slice(self, z: int, known: SignedDistances) -> ProposedSlice:
        shares = self._stack.at(z, known).probability
        if z in known.known and not self._classes.instances:
            values = self._classes.to_values(most_likely(shares))
        else:
            values = self._values(z)
        scores = counts(values, shares, self.patch) | self._stack.scores(z, known, self.patch)
        return ProposedSlice(values, shares, scores)

    def _values(self, z: int) -> NDArray[Any]:
        values = codec.narrow(
            codec.widen(np.asarray(self._labels[z : z + 1][0])), self._classes.dtype
        )
        values[values == codec.unsure_of(values.dtype)] = 0
        return values

    def _plane(self, z: int, known: SignedDistances) -> Plane:
        chosen = self._classes.to_classes(self._values(z))
        shares = np.stack(
            [(chosen == k).astype(np.float32) for k in range(1, self._classes.count + 1)]
        )
        evidence = known.logit_evidence(z)
        apart = against_interpolation(shares, evidence)
        known.overwrite(z, shares)
        return Plane(shares, apart, known_distance(evidence, known.config.reach))


def to_bytes(probability: NDArray[np.floating[Any]]) -> NDArray[np.uint8]:
    """Probabilities as uint8, 255 is certain."""
    scaled: NDArray[np.uint8] = np.round(np.clip(probability, 0, 1) * 255).astype(np.uint8)
    return scaled
