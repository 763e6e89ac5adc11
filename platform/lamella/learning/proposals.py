"""A proposal's volumes in the store.

    predictions/<version>-<cube>/probability   (K, Z, Y, X) uint8: the model's, 255 is certain
    predictions/<version>-<cube>/again         the same of some slices, with what was known later
    proposals/<id>/probability                 the same, blended with what people know
    proposals/<id>/labels                      OME-Zarr label image of the study's dtype
    proposals/<id>/scores/<name>               (Z, PY, PX) float32, one number a patch of `patch`
                                               pixels

Both are made anew whenever more is known.
"""

from collections.abc import Collection
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lamella.cubes.store import location
from lamella.learning.models import Proposal
from lamella.volumes.errors import StoreError
from lamella.volumes.geometry import Region
from lamella.volumes.omezarr_read import CubeReader, open_cube
from lamella.volumes.slabs import SlabArray, open_array
from lamella.volumes.storage import Location

PROBABILITY = "probability"
AGAIN = "again"
LABELS = "labels"
SCORES = "scores"


def root_of(proposal: Proposal) -> Location:
    return location(proposal.uri)


@lru_cache(maxsize=64)
def _reader(uri: str) -> CubeReader:
    return open_cube(location(uri) / LABELS)


def labels_reader(proposal: Proposal) -> CubeReader:
    """The label volume; kept open, since a ready proposal never changes."""
    return _reader(proposal.uri)


def read_labels(proposal: Proposal, region: Region) -> NDArray[Any]:
    """(height, width) labels of a region, in the study's dtype."""
    return labels_reader(proposal).region(region).astype(proposal.label_dtype, copy=False)


def prediction_root(version_id: int, cube_id: int) -> Location:
    return location(f"predictions/{version_id}-{cube_id}")


def prediction(version_id: int, cube_id: int) -> SlabArray | None:
    """(K, Z, Y, X) uint8: what a model said of each slice, before it was blended.

    None where it did not finish, or for another tool's masks.
    """
    try:
        array = open_array(prediction_root(version_id, cube_id), PROBABILITY)
    except StoreError:
        return None
    return array if array.complete else None


def prediction_with(version_id: int, cube_id: int, known: str, z: int) -> SlabArray | None:
    """(K, Z, Y, X) uint8 that a version said of slice z at least when just this was known.

    known: the hash of what was known. None where it was not asked then.
    """
    root = prediction_root(version_id, cube_id)
    for name in (PROBABILITY, AGAIN):
        try:
            array = open_array(root, name)
        except StoreError:
            continue
        missing = any(z0 <= z < z1 for z0, z1 in array.pending)
        if array.array.attrs.get("known") == known and not missing:
            return array
    return None


def known_to(prediction: SlabArray) -> str:
    """Hash of what was known to a prediction."""
    return str(prediction.array.attrs.get("known", ""))


def read_scores(
    proposal: Proposal, only: Collection[str] | None = None
) -> dict[str, tuple[NDArray[np.float32], int]]:
    """Patch score maps (Z, PY, PX) by name, each with the side of its patches in pixels.

    All that the proposal has, or those named in ``only``.
    """
    maps = {}
    for name in proposal.blend.get("scores", []):
        if only is not None and name not in only:
            continue
        array = open_array(root_of(proposal), f"{SCORES}/{name}")
        maps[str(name)] = (array[:].astype(np.float32), int(str(array.array.attrs["patch"])))
    return maps


def read_score(proposal: Proposal, name: str, z: int) -> tuple[NDArray[np.float32], int] | None:
    """One slice (PY, PX) of a score map, and the side of its patches; None where there is none."""
    if name not in proposal.blend.get("scores", []):
        return None
    array = _score_map(proposal.uri, name)
    return array[z : z + 1][0].astype(np.float32), int(str(array.array.attrs["patch"]))


@lru_cache(maxsize=64)
def _score_map(uri: str, name: str) -> SlabArray:
    """Kept open, as the labels are."""
    return open_array(location(uri), f"{SCORES}/{name}")
