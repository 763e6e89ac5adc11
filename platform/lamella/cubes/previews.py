"""A first look at a source, for the person who is about to bring it in."""

import base64
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import h5py
from numpy.typing import NDArray

from lamella.cubes.readers import Preview, SourceError, preview
from lamella.cubes.readers.hdf5 import list_datasets
from lamella.cubes.sources import Origin, open_source
from lamella.volumes.tiles import encode_jpeg

# Every slice of labels is looked at for their ids, unless that would take long.
_QUICK_VOXELS = 2**28
_THUMBNAIL_SIDE = 256


@dataclass(frozen=True)
class Look:
    """What was found. ``found`` is None where something must be chosen first: ``question`` says
    what, ``datasets`` lists the volumes of an HDF5 file. ``ids_complete``: every slice was looked
    at for label ids."""

    datasets: tuple[str, ...]
    found: Preview | None
    question: str = ""
    ids_complete: bool = False


def look(
    origin: Origin,
    *,
    dataset: str | None = None,
    axes: str | None = None,
    channel: int | None = None,
    labels: bool = False,
) -> Look:
    """Look at a source in bounded memory. Raises SourceError where it cannot be read."""
    datasets = _datasets(origin.path)
    asked = {"path": origin.path, "dataset": dataset, "axes": axes, "channel": channel}
    try:
        source = open_source(asked)
    except SourceError as error:
        if dataset is None and len(datasets) > 1:
            return Look(datasets, None, str(error))
        raise
    with source:
        every = labels and prod(source.shape) <= _QUICK_VOXELS
        found = preview(source, side=_THUMBNAIL_SIDE, labels=every)
        return Look(datasets, found, ids_complete=every)


def data_url(thumbnail: NDArray[Any]) -> str:
    """An 8-bit picture that a page can show without asking for it."""
    encoded = base64.b64encode(encode_jpeg(thumbnail, 0, 255)).decode()
    return f"data:image/jpeg;base64,{encoded}"


def _datasets(path: str) -> tuple[str, ...]:
    place = Path(path)
    if "://" in path or not place.is_file() or not h5py.is_hdf5(path):
        return ()
    try:
        return tuple(list_datasets(place))
    except (OSError, RuntimeError):
        return ()  # damaged; opening it gives the sentence
