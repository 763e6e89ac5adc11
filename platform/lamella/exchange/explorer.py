"""What the cube explorer draws over the image: planes of the mask, and patches of the proposal."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from lamella.consensus.final import FinalMask
from lamella.cubes.models import Cube
from lamella.learning.models import Proposal
from lamella.learning.proposals import SCORES, labels_reader, root_of
from lamella.studies.models import Study
from lamella.volumes.errors import StoreError
from lamella.volumes.slabs import open_array
from lamella.volumes.tiles import encode_labels_png

Axis = Literal["z", "y", "x"]
MOST_COLOURS = 24
"""Colours that object ids take in turn."""

# Okabe and Ito's, for ids; ids that are neighbours in number differ.
_IDS = ("#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7", "#BBBBBB")


def mask_png(cube: Cube, proposal: Proposal | None, axis: Axis, index: int, most: int) -> bytes:
    """A plane of the mask as a transparent PNG, of the shape of the image's plane of that size.

    Across z it is the final mask as it is now; across y and x the proposal, which holds what people
    agreed on until it was made. Raises IndexError outside of the cube.
    """
    if axis == "z":
        if not 0 <= index < cube.depth:
            raise IndexError(f"The cube has no slice {index}.")
        plane = _reduced(FinalMask(cube, proposal).slice(index), most)
    else:
        if proposal is None:
            raise IndexError("There is no proposal yet.")
        plane = labels_reader(proposal).plane(axis, index, most, labels=True)
    numbers, colours = _coloured(cube.study, plane)
    return encode_labels_png(numbers, colours)


def _reduced(plane: NDArray[Any], most: int) -> NDArray[Any]:
    """At most so many pixels a side, by leaving rows and columns out."""
    step = max(1, -(-max(plane.shape) // most))
    return plane[::step, ::step]


def _coloured(study: Study, plane: NDArray[Any]) -> tuple[NDArray[np.intp], NDArray[np.uint8]]:
    """((H, W) numbers, (N, 4) RGBA of each)."""
    if study.instances:
        unsure = np.iinfo(plane.dtype).max
        inside = (plane > 0) & (plane < unsure)
        numbers = np.where(inside, plane.astype(np.int64) % len(_IDS) + 1, 0)
        return numbers.astype(np.intp), _table(_IDS)
    classes = list(study.classes.order_by("value").values_list("value", "color"))
    numbers = np.zeros(plane.shape, dtype=np.intp)
    for place, (value, _colour) in enumerate(classes, start=1):
        numbers[plane == value] = place
    return numbers, _table([colour for _value, colour in classes])


def _table(colours: Any) -> NDArray[np.uint8]:
    rows = [(0, 0, 0, 0)]
    rows += [(int(c[1:3], 16), int(c[3:5], 16), int(c[5:7], 16), 255) for c in colours]
    return np.array(rows, dtype=np.uint8)


@dataclass(frozen=True)
class Patches:
    """Scores of the patches of one slice; ``values`` row by row, NaN-free, 0 is without doubt."""

    name: str
    side: int
    rows: int
    columns: int
    values: list[float]
    top: float
    """The highest value anywhere in the cube that was looked at, to scale colours by."""


def patch_names(proposal: Proposal) -> list[str]:
    """The maps that a proposal has, the one that is shown first in front."""
    names = [str(name) for name in proposal.blend.get("scores", [])]
    return sorted(names, key=lambda name: (name != "discriminator", name))


def patches_of(proposal: Proposal, name: str, z: int) -> Patches | None:
    """One slice of a map; None where there is none."""
    if name not in patch_names(proposal):
        return None
    try:
        array = open_array(root_of(proposal), f"{SCORES}/{name}")
    except StoreError:
        return None
    if not 0 <= z < array.shape[0]:
        return None
    plane = np.nan_to_num(np.asarray(array.array[z]).astype(np.float64))
    return Patches(
        name=name,
        side=int(str(array.array.attrs["patch"])),
        rows=plane.shape[0],
        columns=plane.shape[1],
        values=[round(float(v), 5) for v in plane.ravel()],
        top=float(plane.max(initial=0.0)),
    )
