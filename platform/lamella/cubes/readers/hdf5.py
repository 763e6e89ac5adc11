"""HDF5 files: one dataset of them, by its path."""

from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from lamella.cubes.readers.base import (
    GIB,
    Limits,
    Native,
    SourceError,
    default_axes,
    first_line,
)

# What writers of microscopy volumes call the voxel size, along ZYX, and its unit.
_SIZE_ATTRIBUTES = (("element_size_um", "micrometer"), ("resolution", "nanometer"))
_MOST_LISTED = 20


class Hdf5Array(Native):
    """A dataset of an open HDF5 file; h5py reads only the chunks that are asked for."""

    def __init__(self, file: Any, dataset: Any, name: str) -> None:
        self._file = file
        self._dataset = dataset
        self.name = name
        self.shape = tuple(int(n) for n in dataset.shape)
        self.dtype = dataset.dtype
        self.axes = default_axes(self.shape, name)
        for attribute, unit in _SIZE_ATTRIBUTES:
            found = np.ravel(dataset.attrs.get(attribute, ()))
            if found.size == 3 and len(self.shape) == 3 and found.dtype.kind in "iuf":
                self.spacing, self.unit = tuple(float(n) for n in found), unit
                break

    def read(self, index: tuple[int | slice, ...]) -> NDArray[Any]:
        return np.asarray(self._dataset[index])

    def close(self) -> None:
        self._file.close()


def open_hdf5(path: Path, limits: Limits, dataset: str | None = None) -> Hdf5Array:
    """The dataset at path `dataset`; the only image-like one where none is named."""
    try:
        file = h5py.File(path, "r")
    except OSError as error:
        raise SourceError(
            f"{path.name} is cut short or not an HDF5 file ({first_line(error)})."
        ) from error
    try:
        found = _find(file, dataset, path)
        _check_storage(found, path, limits)
        return Hdf5Array(file, found, f"{path.name}:{found.name}")
    except BaseException:
        file.close()
        raise


def list_datasets(path: Path) -> list[str]:
    """The paths of all datasets of a file that could be a volume."""
    with h5py.File(path, "r") as file:
        return _candidates(file)


def _candidates(file: Any) -> list[str]:
    names: list[str] = []

    def look(name: str, node: Any) -> None:
        is_array = isinstance(node, h5py.Dataset) and len(node.shape or ()) >= 2
        if is_array and node.dtype.kind in "buif":
            names.append(f"/{name}")

    file.visititems(look)  # does not follow links to other files
    return names


def _find(file: Any, dataset: str | None, path: Path) -> Any:
    names = _candidates(file)
    if dataset is None:
        if len(names) == 1:
            return file[names[0]]
        if not names:
            raise SourceError(f"{path.name} holds no dataset that could be a volume.")
        shown = ", ".join(names[:_MOST_LISTED]) + (" ..." if len(names) > _MOST_LISTED else "")
        raise SourceError(f"{path.name} holds several datasets; choose one of {shown}.")
    wanted = "/" + dataset.strip("/")
    try:
        found = file[wanted]
    except (KeyError, OSError, ValueError) as error:
        shown = ", ".join(names[:_MOST_LISTED]) or "none"
        raise SourceError(f"{path.name} holds no dataset {wanted}; it holds: {shown}.") from error
    if not isinstance(found, h5py.Dataset):
        raise SourceError(f"{wanted} in {path.name} is a group, not a dataset.")
    if Path(found.file.filename) != Path(file.filename):
        raise SourceError(f"{wanted} in {path.name} leads to another file, which is not followed.")
    return found


def _check_storage(dataset: Any, path: Path, limits: Limits) -> None:
    if dataset.shape is None:
        raise SourceError(f"{dataset.name} in {path.name} holds nothing.")
    if dataset.external or dataset.is_virtual:
        raise SourceError(
            f"{dataset.name} in {path.name} keeps its voxels in other files, "
            "which are not followed; save it with its voxels inside."
        )
    if dataset.chunks:
        chunk = int(np.prod(dataset.chunks, dtype=np.int64)) * dataset.dtype.itemsize
        if chunk > limits.max_slice_bytes:
            raise SourceError(
                f"A chunk of {dataset.name} in {path.name} takes {chunk / GIB:.1f} GiB, "
                f"more than the {limits.max_slice_bytes / GIB:.1f} GiB allowed."
            )
