"""What the networks are given: cubes read by z range, and the slices that are labelled."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from models.crowd.shares import VoteShares
from models.labels import unsure_of


class SliceSource(Protocol):
    """A cube of intensities, axes ZYX: a NumPy or Zarr array, or anything read by ranges of z."""

    @property
    def shape(self) -> tuple[int, ...]: ...

    def __getitem__(self, key: Any, /) -> Any: ...


@dataclass(frozen=True, slots=True, eq=False)
class TrainingSlice:
    """The labels of one slice, as far as they are known.

    labels: (H, W) unsigned integers: 0 background, class values, UNSURE where nobody vouches.
    weight: (H, W) bool or float32, how much each pixel counts (0 outside corrected tiles), or
            None where the whole slice counts. UNSURE pixels never count.
    fractions: each class's share of the volunteers' votes where they differ, or None. There the
            loss aims at them in place of `labels`.
    """

    labels: NDArray[Any]
    weight: NDArray[Any] | None = None
    fractions: VoteShares | None = None


@dataclass(frozen=True, slots=True, eq=False)
class TrainingCube:
    """A cube to learn from.

    image: ZYX intensities, only ever read by ranges of z.
    low, high: the cube's robust intensity range, mapped to [-1, 1].
    known: labelled slices by z.
    voxel_size: (z, y, x), in the study's unit.
    key: what identifies the cube from one run to the next (its checksum).
    """

    image: SliceSource
    low: float
    high: float
    known: Mapping[int, TrainingSlice]
    voxel_size: tuple[float, float, float] = (1.0, 1.0, 1.0)
    key: str = field(default="")


def hardened(cube: TrainingCube) -> TrainingCube:
    """The same cube without vote fractions: what was agreed on is all there is to learn."""
    known = {z: replace(slice_, fractions=None) for z, slice_ in cube.known.items()}
    return replace(cube, known=known)


def scale_intensity(image: NDArray[Any], low: float, high: float) -> NDArray[np.float32]:
    """Map the robust range [low, high] to [-1, 1], float32, of any shape.

    Values outside are clipped at half a range beyond; NaN and infinity become -1. A range of no
    width gives zeros. One range for the whole cube, not one for each slice, or empty resin would
    turn into noise.
    """
    values = np.asarray(image, dtype=np.float32)
    if not high > low:
        return np.zeros(values.shape, dtype=np.float32)
    scaled: NDArray[np.float32] = (values - np.float32(low)) * np.float32(2.0 / (high - low))
    scaled -= np.float32(1.0)
    np.nan_to_num(scaled, copy=False, nan=-1.0, posinf=-1.0, neginf=-1.0)
    np.clip(scaled, -2.0, 2.0, out=scaled)
    return scaled


def target_of(
    known: TrainingSlice, classes: Sequence[int]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Target and weight of a labelled slice: (K + 1, H, W) and (H, W), both float32.

    Channel 0 is background: everything that is none of `classes`.
    """
    labels = np.asarray(known.labels)
    weight = np.ones(labels.shape, dtype=np.float32)
    if known.weight is not None:
        weight = np.clip(np.asarray(known.weight, dtype=np.float32), 0.0, None)
    if labels.dtype.kind == "u":
        weight = weight * (labels != unsure_of(labels.dtype))
    target = np.zeros((len(classes) + 1, *labels.shape), dtype=np.float32)
    for channel, value in enumerate(classes, start=1):
        target[channel] = labels == value
    if known.fractions is not None:
        target.reshape(len(target), -1)[1:, known.fractions.pixels] = known.fractions.shares.T
    target[0] = 1.0 - target[1:].sum(axis=0)
    return target, weight
