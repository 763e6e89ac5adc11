"""NumPy files (.npy). Pickled objects are never loaded."""

from pathlib import Path

import numpy as np

from lamella.cubes.readers.base import Limits, SourceError, default_axes, first_line
from lamella.cubes.readers.mapped import Mapped


def open_npy(path: Path, limits: Limits) -> Mapped:
    """The array of a .npy file."""
    try:
        with path.open("rb") as file:
            version = np.lib.format.read_magic(file)
            read = (
                np.lib.format.read_array_header_1_0
                if version == (1, 0)
                else np.lib.format.read_array_header_2_0
            )
            shape, fortran, dtype = read(file)
            offset = file.tell()
    except (ValueError, EOFError, OSError) as error:
        raise SourceError(f"{path.name} is not a NumPy file ({first_line(error)}).") from error
    if dtype.hasobject:
        raise SourceError(f"{path.name} holds Python objects, which are never loaded.")
    return Mapped(
        path,
        offset=offset,
        shape=tuple(int(n) for n in shape),
        dtype=dtype,
        axes=default_axes(shape, path.name),
        fortran=fortran,
    )
