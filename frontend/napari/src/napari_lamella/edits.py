"""Which slices were edited, which may be sent, and the file that carries them."""

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

from napari_lamella.errors import LamellaError
from napari_lamella.progress import Progress, Report, silent
from napari_lamella.records import Cube

# OME-TIFF's spelling of the units that a cube may have.
OME_UNITS = {"nanometer": "nm", "micrometer": "µm", "millimeter": "mm"}

# A classic TIFF ends at 4 GiB; noise that does not compress may grow a little.
CLASSIC_TIFF_BYTES = 3 * 2**30


class SliceChoice(StrEnum):
    """Which slices of a labels layer count as labelled."""

    EDITED = "slices I edited"
    ALL = "all slices"
    LISTED = "these slices"


@dataclass(frozen=True)
class Origin:
    """What an editable layer was made from: the cube, and a fingerprint of each slice then."""

    cube_id: str
    fingerprints: tuple[bytes, ...]


def fingerprint(plane: NDArray[Any]) -> bytes:
    """8 bytes that tell (Y, X) slices apart; an edit that was undone gives the same again."""
    return hashlib.blake2b(np.ascontiguousarray(plane).tobytes(), digest_size=8).digest()


def edited_slices(volume: NDArray[Any], origin: Origin) -> list[int]:
    """The z of the slices of a (Z, Y, X) volume that differ from when it was made."""
    return [
        z
        for z, (plane, before) in enumerate(zip(volume, origin.fingerprints, strict=True))
        if fingerprint(plane) != before
    ]


def parse_slices(text: str, depth: int) -> list[int]:
    """The z that "0-5, 9" names, sorted, each once. Raises LamellaError."""
    found: set[int] = set()
    for part in filter(None, re.split(r"[,;\s]+", re.sub(r"\s*[-–]\s*", "-", text.strip()))):
        match = re.fullmatch(r"(\d+)(?:-(\d+))?", part)
        if match is None:
            raise LamellaError(f"“{part}” names no slices; write them like 0-5, 9.")
        first, last = int(match[1]), int(match[2] or match[1])
        if first > last or last >= depth:
            raise LamellaError(
                f"“{part}” lies outside the cube, whose slices are 0 to {depth - 1}."
            )
        found.update(range(first, last + 1))
    if not found:
        raise LamellaError("Name the slices to send, like 0-5, 9.")
    return sorted(found)


def format_slices(slices: Iterable[int]) -> str:
    """The opposite of parse_slices: [0, 1, 2, 9] gives "0-2, 9"."""
    runs: list[list[int]] = []
    for z in slices:
        if runs and z == runs[-1][1] + 1:
            runs[-1][1] = z
        else:
            runs.append([z, z])
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in runs)


def chosen_slices(
    choice: SliceChoice, volume: NDArray[Any], *, origin: Origin | None, listed: str
) -> list[int] | None:
    """The labelled z, None for all. Raises LamellaError where the choice leaves none."""
    if choice is SliceChoice.ALL:
        return None
    if choice is SliceChoice.LISTED:
        return parse_slices(listed, len(volume))
    if origin is None:
        raise LamellaError(
            "This layer was not made with “Edit a copy”, so the edited slices are not known; "
            "choose all slices, or name them."
        )
    slices = edited_slices(volume, origin)
    if not slices:
        raise LamellaError("No slice was edited yet; paint first, or choose all slices.")
    return slices


def as_study_labels(plane: NDArray[Any], cube: Cube, z: int) -> NDArray[Any]:
    """A (Y, X) slice in the study's label dtype; a value is never changed.

    The largest value of the dtype means "unsure". Raises LamellaError for a value that the
    dtype does not hold, or that would come to mean unsure only by the change of dtype.
    """
    wanted = np.dtype(cube.label_dtype)
    if plane.dtype == wanted:
        return plane
    if plane.dtype.kind not in "biu":
        raise LamellaError(f"The layer holds {plane.dtype} values; labels are whole numbers.")
    low, high = (int(plane.min()), int(plane.max())) if plane.size else (0, 0)
    most = int(np.iinfo(wanted).max) - 1
    if low < 0 or high > most:
        raise LamellaError(
            f"Slice {z} holds the label {low if low < 0 else high}, but the study's labels are "
            f"{wanted}, thus 0 to {most}; change that label first."
        )
    return plane.astype(wanted)


def check_fits(volume: NDArray[Any], cube: Cube) -> None:
    """Raises LamellaError unless the (Z, Y, X) volume covers the cube voxel by voxel."""
    if tuple(volume.shape) != cube.shape:
        raise LamellaError(
            f"The layer's shape is {_shape(volume.shape)}, but the cube {cube.name} is "
            f"{_shape(cube.shape)}; send a layer of the same shape."
        )


def write_tiff(
    path: Path,
    volume: NDArray[Any],
    cube: Cube,
    *,
    slices: list[int] | None,
    report: Report = silent,
) -> None:
    """Write (Z, Y, X) labels as compressed OME-TIFF with the cube's voxel size, slice by slice.

    Slices that are not sent (`slices` None sends all) are empty in the file.
    Raises LamellaError where the labels do not fit the cube or the study's dtype.
    """
    check_fits(volume, cube)
    wanted = None if slices is None else frozenset(slices)
    dtype = np.dtype(cube.label_dtype)
    empty = np.zeros(cube.shape[1:], dtype)

    def planes() -> Iterator[NDArray[Any]]:
        for z, plane in enumerate(volume):
            report(Progress("Packing the labels", z, len(volume)))
            sent = wanted is None or z in wanted
            yield as_study_labels(np.asarray(plane), cube, z) if sent else empty

    metadata: dict[str, Any] = {"axes": "ZYX", "Name": cube.name}
    if unit := OME_UNITS.get(cube.unit):
        for axis, size in zip("ZYX", cube.voxel_size, strict=True):
            metadata[f"PhysicalSize{axis}"] = size
            metadata[f"PhysicalSize{axis}Unit"] = unit
    tifffile.imwrite(
        path,
        planes(),
        shape=cube.shape,
        dtype=dtype,
        ome=True,
        bigtiff=volume.size * dtype.itemsize > CLASSIC_TIFF_BYTES,
        photometric="minisblack",
        compression="zlib",
        metadata=metadata,
    )


def _shape(shape: tuple[int, ...]) -> str:
    return " × ".join(str(size) for size in shape)
