"""NIfTI files (.nii, .nii.gz): axes XYZ, in that order, and perhaps channels after them."""

import gzip
import tempfile
import zlib
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
from numpy.typing import NDArray

from lamella.cubes.readers.base import GIB, Limits, Native, SourceError, first_line

_PORTION = 4 * 2**20
_UNITS = {"mm": "millimeter", "micron": "micrometer", "meter": "meter"}


class NiftiArray(Native):
    """The voxels of a NIfTI file, with the scaling that its header asks for."""

    def __init__(self, path: Path, name: str, scratch: Path | None) -> None:
        self.name = name
        self._scratch = scratch
        try:
            image: Any = nibabel.load(path)
            self._data = image.dataobj
            self.shape = tuple(int(n) for n in self._data.shape)
            stored = self._data.dtype
            scaled = (self._data.slope, self._data.inter) != (1.0, 0.0)
            zooms = tuple(float(n) for n in image.header.get_zooms())
            unit = image.header.get_xyzt_units()[0]
        except Exception as error:  # nibabel raises many kinds of errors on broken headers
            raise SourceError(f"{name} is not a sound NIfTI file ({first_line(error)}).") from error
        # A scaled volume is real-valued; 32 bits hold what 16-bit voxels and a slope can say.
        self.dtype = np.dtype(np.float32) if scaled and stored.kind in "uif" else stored
        while len(self.shape) > 3 and self.shape[-1] == 1:
            self.shape = self.shape[:-1]
        if len(self.shape) not in (2, 3, 4):
            raise SourceError(f"{name} has {len(self.shape)} axes; a cube has three.")
        self.axes = "XYZC"[: len(self.shape)]
        self.spacing = (*zooms[:3], 1.0)[: len(self.shape)]
        self.unit = _UNITS.get(unit)
        voxels = int(np.prod([int(n) for n in self._data.shape], dtype=object))
        needed = int(self._data.offset) + voxels * stored.itemsize
        if path.stat().st_size < needed:
            raise SourceError(
                f"{name} is cut short: {needed} bytes are needed, {path.stat().st_size} are there."
            )

    def read(self, index: tuple[int | slice, ...]) -> NDArray[Any]:
        extra = (0,) * (len(self._data.shape) - len(index))
        return np.asarray(self._data[(*index, *extra)], self.dtype)

    def close(self) -> None:
        if self._scratch is not None:
            self._scratch.unlink(missing_ok=True)


def open_nifti(path: Path, limits: Limits) -> NiftiArray:
    """A NIfTI file; a gzipped one is unpacked to the scratch folder first, within the limits."""
    with path.open("rb") as file:
        if file.read(2) != b"\x1f\x8b":
            return NiftiArray(path, path.name, None)
    unpacked = _unpacked(path, limits)
    try:
        return NiftiArray(unpacked, path.name, unpacked)
    except BaseException:
        unpacked.unlink(missing_ok=True)
        raise


def _unpacked(path: Path, limits: Limits) -> Path:
    """A temporary copy without gzip: gzip cannot be read from the middle."""
    with tempfile.NamedTemporaryFile(
        dir=limits.scratch, prefix="lamella-", suffix=".nii", delete=False
    ) as out:
        target = Path(out.name)
        try:
            written = 0
            with gzip.open(path) as packed:
                while portion := packed.read(_PORTION):
                    written += len(portion)
                    if written > limits.max_unpacked_bytes:
                        raise SourceError(
                            f"{path.name} unpacks to more than the "
                            f"{limits.max_unpacked_bytes / GIB:.1f} GiB allowed."
                        )
                    out.write(portion)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            target.unlink(missing_ok=True)
            raise SourceError(
                f"{path.name} is damaged or cut short ({first_line(error)})."
            ) from error
        except BaseException:
            target.unlink(missing_ok=True)
            raise
    return target
