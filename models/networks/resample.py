"""Cubes whose pixels are larger or smaller than those a model learned from."""

import dataclasses
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from models.networks.types import SliceSource, TrainingCube, TrainingSlice

SAME_PIXELS = 0.05
"""Relative difference in pixel size up to which a model is used without resampling."""
FARTHEST = 8.0
"""Times by which pixel sizes may differ; beyond it one of them was most likely mistyped."""

VoxelSize = tuple[float, float, float]


def model_size(
    shape: tuple[int, ...], voxel_size: VoxelSize | None, model: VoxelSize
) -> tuple[int, int]:
    """Height and width of a slice of a cube (Z, H, W) in pixels of the model's size."""
    if voxel_size is None:
        return shape[1], shape[2]
    ratios = [mine / its for mine, its in zip(voxel_size[1:], model[1:], strict=True)]
    if all(abs(ratio - 1.0) <= SAME_PIXELS for ratio in ratios):
        return shape[1], shape[2]
    return max(1, round(shape[1] * ratios[0])), max(1, round(shape[2] * ratios[1]))


def resize(planes: Tensor, size: tuple[int, ...]) -> Tensor:
    """Resample (N, C, H, W) to another height and width."""
    return F.interpolate(planes, size=size, mode="bilinear", antialias=True)


class ResampledSource:
    """A cube read at another pixel size: float32, axes ZYX, by ranges of z."""

    def __init__(self, image: SliceSource, size: tuple[int, int], missing: float) -> None:
        self.image = image
        self.missing = missing
        self.shape = (int(image.shape[0]), *size)

    def __getitem__(self, key: Any, /) -> NDArray[np.float32]:
        planes = np.asarray(self.image[key], dtype=np.float32)
        # One pixel that is no number would spoil all that are mixed with it.
        planes = np.nan_to_num(planes, nan=self.missing, posinf=self.missing, neginf=self.missing)
        resized = resize(torch.from_numpy(planes)[:, None], self.shape[1:])
        return resized[:, 0].numpy()


def at_pixels_of(cube: TrainingCube, model: VoxelSize) -> TrainingCube:
    """A cube to learn from at the model's pixel size; itself where that is its own.

    Images are interpolated; of labels, weights and vote fractions the nearest are taken. Raises
    ValueError where the sizes differ by more than FARTHEST times.
    """
    shape = tuple(int(n) for n in cube.image.shape)
    size = model_size(shape, cube.voxel_size, model)
    if size == shape[1:]:
        return cube
    ratios = [mine / its for mine, its in zip(cube.voxel_size[1:], model[1:], strict=True)]
    if max(max(ratio, 1.0 / ratio) for ratio in ratios) > FARTHEST:
        mine, its = (" × ".join(f"{n:g}" for n in v[1:]) for v in (cube.voxel_size, model))
        raise ValueError(
            f"A cube has pixels of {mine}, and the model learned from pixels of {its}: more than "
            f"{FARTHEST:g} times different; check the cube's voxel size and its unit, or train "
            "without that model."
        )
    rows, columns = (_nearest(old, new) for old, new in zip(shape[1:], size, strict=True))
    return dataclasses.replace(
        cube,
        image=ResampledSource(cube.image, size, cube.low),
        known={z: _at(slice_, rows, columns) for z, slice_ in cube.known.items()},
        voxel_size=(cube.voxel_size[0], model[1], model[2]),
    )


def _at(known: TrainingSlice, rows: NDArray[np.int64], columns: NDArray[np.int64]) -> TrainingSlice:
    take = np.ix_(rows, columns)
    return TrainingSlice(
        np.asarray(known.labels)[take],
        None if known.weight is None else np.asarray(known.weight)[take],
        None if known.fractions is None else known.fractions.take(rows, columns),
    )


def _nearest(old: int, new: int) -> NDArray[np.int64]:
    """For each of `new` pixels along an axis the nearest of the `old` ones."""
    centres = (np.arange(new) + 0.5) * old / new
    nearest: NDArray[np.int64] = np.minimum(centres.astype(np.int64), old - 1)
    return nearest
