"""The cubes of a simulated study and their true labels, which only the simulation reads."""

import hashlib
from collections.abc import Sequence
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
    """labels: (Z, H, W) uint8 classes 0..K; values: the label values that became classes 1..K,
    the same in all cubes of a study."""

    labels: NDArray[np.uint8]
    values: tuple[int, ...]
    words: str

    @property
    def count(self) -> int:
        return max(1, len(self.values))


def read_truth(image: Path, labels: Path, classes: Classes = "auto") -> Truth:
    """The labels of one cube: see `read_truths`."""
    return read_truths((image,), (labels,), classes)[0]


def read_truths(
    images: Sequence[Path], labels: Sequence[Path], classes: Classes = "auto"
) -> tuple[Truth, ...]:
    """Read the labels of a study's cubes and hold each against its image's shape.

    A class is a label value of any of the cubes. ``auto``: every value is a class where there are 2
    to MOST_CLASSES of them and each forms one body in every cube that has it; else all values above
    0 are one class. Raises InputError.
    """
    if len(images) != len(labels) or not images:
        raise InputError(
            f"There are {len(images)} images but {len(labels)} volumes of labels; give labels of "
            "each image, in the same order, with commas between."
        )
    volumes = [_checked(*paths) for paths in zip(images, labels, strict=True)]
    own = [tuple(int(v) for v in np.unique(volume) if v > 0) for volume in volumes]
    values = tuple(sorted({value for found in own for value in found}))
    several = classes == "several" or (
        classes == "auto"
        and 2 <= len(values) <= MOST_CLASSES
        and all(map(_whole_bodies, volumes, own))
    )
    if several and len(values) > 1:
        if len(values) > 250:
            raise InputError(
                f"The labels have {len(values)} values, more than a study's 250 classes; "
                "use --classes one."
            )
        words = f"{len(values)} classes, one for each label value"
        return tuple(Truth(_numbered(volume, values), values, words) for volume in volumes)
    words = "one class: all labels above 0"
    return tuple(Truth((volume > 0).astype(np.uint8), (1,), words) for volume in volumes)


def _checked(image: Path, labels: Path) -> NDArray[Any]:
    """The labels as they are stored, of the image's shape and without NaN."""
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
            f"The labels {labels} have shape {volume.shape}, but the image has shape {shape}; "
            "give labels of the same stack."
        )
    return np.nan_to_num(volume) if volume.dtype.kind == "f" else volume


def _numbered(volume: NDArray[Any], values: Sequence[int]) -> NDArray[np.uint8]:
    result = np.zeros(volume.shape, np.uint8)
    for index, value in enumerate(values, start=1):
        result[volume == value] = index
    return result


def _read(source: VolumeSource) -> NDArray[Any]:
    try:
        depth = source.shape[0]
        return np.concatenate([source.slices(z, z + 1) for z in range(depth)], axis=0)
    finally:
        source.close()


def _whole_bodies(volume: NDArray[Any], values: Sequence[int]) -> bool:
    """Whether each value forms one body, but for crumbs."""
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
