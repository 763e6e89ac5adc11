"""Plain arrays in files, read without being loaded: what NumPy, MRC and simple TIFF files hold."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lamella.cubes.readers.base import Native, SourceError


class Mapped(Native):
    """A plain array at an offset of a file, mapped anew for each read.

    A mapping that is kept would count every page ever touched as this process's memory.
    """

    def __init__(
        self,
        path: Path,
        *,
        offset: int,
        shape: tuple[int, ...],
        dtype: np.dtype[Any],
        axes: str,
        fortran: bool = False,
    ) -> None:
        self.name = path.name
        self.path, self.offset, self.shape, self.dtype, self.axes = path, offset, shape, dtype, axes
        self.order = "F" if fortran else "C"
        needed = offset + int(np.prod([int(n) for n in shape], dtype=object)) * dtype.itemsize
        if path.stat().st_size < needed:
            raise SourceError(
                f"{path.name} is cut short: it should be {needed} bytes long, "
                f"but ends after {path.stat().st_size}."
            )

    def read(self, index: tuple[int | slice, ...]) -> NDArray[Any]:
        mapped: NDArray[Any] = np.memmap(
            self.path,
            self.dtype,
            "r",
            self.offset,
            self.shape,
            "F" if self.order == "F" else "C",
        )
        return np.array(mapped[index])
