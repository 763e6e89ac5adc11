"""The cube of a simulated study and its true labels, which only the simulation reads."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import label

from lamella.cubes.readers import VolumeSource
from lamella.cubes.readers.registry import open_source
from lamella.volumes.errors import SourceError

Classes = Literal["auto", "one", "several"]

MOST_CLASSES = 8
"""Label values above which they are taken for object ids rather than classes."""
WHOLE = 0.97
"""Share of a value's voxels in one body from which the value is taken for a class of its own."""


class InputError(Exception):
    """Image and labels cannot be simulated with; the text says why in one sentence."""


@dataclass(frozen=True)
class Truth:
    """labels: (Z, H, W) uint8 classes 0..K; values: the label values that became classes 1..K."""

    labels: NDArray[np.uint8]
    values: tuple[int, ...]
    words: str

    @property
    def count(self) -> int:
        return max(1, len(self.values))


def read_truth(image: Path, labels: Path, classes: Classes = "auto") -> Truth:
    """Read the labels and hold them against the image's shape. Raises InputError.

    ``auto``: every label value is a class where there are 2 to MOST_CLASSES of them and each forms
    one body; else all values above 0 are one class.
    """
    for path in (image, labels):
        if not path.exists():
            raise InputError(f"There is no file {path}; give the path of a stack.")
    try:
        volume = _read(open_source(labels))
        source = open_source(image)
        shape = tuple(source.shape)
        source.close()
    except SourceError as error:
        raise InputError(str(error)) from error
    if volume.shape != shape:
        raise InputError(
            f"The labels have shape {volume.shape}, but the image has shape {shape}; "
            "give labels of the same stack."
        )
    if volume.dtype.kind == "f":
        volume = np.nan_to_num(volume)
    values = tuple(int(v) for v in np.unique(volume) if v > 0)
    several = classes == "several" or (classes == "auto" and _are_classes(volume, values))
    if several and len(values) > 1:
        if len(values) > 250:
            raise InputError(
                f"The labels have {len(values)} values, more than a study's 250 classes; "
                "use --classes one."
            )
        result = np.zeros(shape, np.uint8)
        for index, value in enumerate(values, start=1):
            result[volume == value] = index
        return Truth(result, values, f"{len(values)} classes, one for each label value")
    return Truth((volume > 0).astype(np.uint8), (1,), "one class: all labels above 0")


def _read(source: VolumeSource) -> NDArray[Any]:
    try:
        depth = source.shape[0]
        return np.concatenate([source.slices(z, z + 1) for z in range(depth)], axis=0)
    finally:
        source.close()


def _are_classes(volume: NDArray[Any], values: tuple[int, ...]) -> bool:
    if not 2 <= len(values) <= MOST_CLASSES:
        return False
    for value in values:
        bodies, _ = label(volume == value, np.ones((3, 3, 3)))
        sizes = np.bincount(bodies.ravel())[1:]
        if sizes.max() < WHOLE * sizes.sum():
            return False
    return True


def file_hash(path: Path) -> str:
    """SHA-256 of a file, or of all files of a folder (OME-Zarr)."""
    digest = hashlib.sha256()
    files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
    for file in files:
        if path.is_dir():
            digest.update(str(file.relative_to(path)).encode())
        with file.open("rb") as opened:
            while block := opened.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()
