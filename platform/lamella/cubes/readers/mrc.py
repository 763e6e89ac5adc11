"""MRC files (.mrc, .map, .rec, .st), as electron tomography writes them."""

from pathlib import Path

import mrcfile
import numpy as np

from lamella.cubes.readers.base import Limits, SourceError, first_line
from lamella.cubes.readers.mapped import Mapped

_COMPLEX_MODES = (3, 4)


def open_mrc(path: Path, limits: Limits) -> Mapped:
    """The array of an MRC file; voxel sizes in it are in angstrom."""
    try:
        # Header and shape only: a file whose length does not fit is refused with a clear text.
        with mrcfile.open(path, mode="r", permissive=False, header_only=True) as file:
            header = file.header.copy()
    except (ValueError, OSError, RuntimeError) as error:
        raise SourceError(f"{path.name} is not a sound MRC file ({first_line(error)}).") from error
    if int(header.mode) in _COMPLEX_MODES:
        raise SourceError(f"{path.name} holds complex numbers; a cube needs real ones.")
    try:
        dtype = mrcfile.utils.data_dtype_from_header(header)
        shape = tuple(int(n) for n in mrcfile.utils.data_shape_from_header(header))
    except (ValueError, NotImplementedError) as error:
        raise SourceError(f"{path.name} is not a sound MRC file ({first_line(error)}).") from error
    if min(shape) < 1:
        raise SourceError(f"{path.name} is empty: its header gives the shape {shape}.")
    native = Mapped(
        path,
        offset=header.nbytes + int(header.nsymbt),
        shape=shape,
        dtype=np.dtype(dtype),
        axes="CZYX"[-len(shape) :] if len(shape) <= 4 else "",
    )
    cells = [float(header.cella.z), float(header.cella.y), float(header.cella.x)]
    counts = [int(header.mz), int(header.my), int(header.mx)]
    if len(shape) == 3 and min(counts) > 0:
        # An image stack has mz = 1, and no spacing along z.
        sides = tuple(cell / count for cell, count in zip(cells, counts, strict=True))
        native.spacing = sides if counts[0] > 1 or shape[0] == 1 else None
        native.unit = "angstrom"
    return native
