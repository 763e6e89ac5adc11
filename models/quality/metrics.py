"""Overlap between a mask and the truth, counted slice by slice so that no cube need be in
memory."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.labels import Labels, Mask, unsure_of


@dataclass(frozen=True, slots=True, eq=False)
class Overlap:
    """Voxels per class 1..K: in both masks, in the predicted, in the true one; each (K,) int64."""

    both: NDArray[np.int64]
    predicted: NDArray[np.int64]
    true: NDArray[np.int64]

    def __add__(self, other: "Overlap") -> "Overlap":
        return Overlap(
            self.both + other.both,
            self.predicted + other.predicted,
            self.true + other.true,
        )

    def dice(self) -> NDArray[np.float64]:
        """(K,) Dice per class: 2 both / (predicted + true); 1 where a class is in neither."""
        total = self.predicted + self.true
        return np.where(total > 0, 2 * self.both / np.maximum(total, 1), 1.0)

    def mean_dice(self) -> float:
        """Mean of Dice over the classes."""
        return float(self.dice().mean())

    def errors(self) -> NDArray[np.int64]:
        """(K,) voxels of each class that are false or missed."""
        return self.predicted + self.true - 2 * self.both


def overlap(
    predicted: Labels, true: Labels, classes: int = 1, valid: Mask | None = None
) -> Overlap:
    """Overlap of two label arrays of the same shape (any number of axes), values 0..K.

    Voxels UNSURE in either, or outside `valid`, are left out; values above `classes` count as
    background. Raises ValueError where shapes differ.
    """
    if predicted.shape != true.shape:
        raise ValueError(
            f"A mask of shape {predicted.shape} cannot be compared with one of shape {true.shape}."
        )
    counted = (predicted != unsure_of(predicted.dtype)) & (true != unsure_of(true.dtype))
    if valid is not None:
        counted &= valid
    a = np.where(counted & (predicted <= classes), predicted, 0).astype(np.int64)
    b = np.where(counted & (true <= classes), true, 0).astype(np.int64)
    joint = np.bincount(a.ravel() * (classes + 1) + b.ravel(), minlength=(classes + 1) ** 2)
    table = joint.reshape(classes + 1, classes + 1)
    return Overlap(table.diagonal()[1:].copy(), table.sum(axis=1)[1:], table.sum(axis=0)[1:])


def overlap_of_slices(pairs: Iterable[tuple[Labels, Labels]], classes: int = 1) -> Overlap:
    """Overlap summed over (predicted, true) pairs, for instance the slices of a cube."""
    nothing = np.zeros(classes, dtype=np.int64)
    total = Overlap(nothing, nothing, nothing)
    for predicted, true in pairs:
        total = total + overlap(predicted, true, classes)
    return total


def dice(predicted: Labels, true: Labels, classes: int = 1) -> float:
    """Mean Dice over classes 1..K of two label arrays; see `overlap`. Both empty is 1."""
    return overlap(predicted, true, classes).mean_dice()
