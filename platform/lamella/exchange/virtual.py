"""The current final mask as an OME-Zarr 0.5 that is stored nowhere: its files are made on request.

Always up to date, for a desktop program that looks at a few slices; an export is for the rest.
"""

import gzip
import json
import re
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lamella.consensus.final import FinalMask
from lamella.consensus.known import digest
from lamella.cubes.models import Cube
from lamella.exchange.writing import voxel_size_of
from lamella.volumes.geometry import TILE, Level, pyramid, tile_region
from lamella.volumes.omezarr_meta import CubeFacts, multiscale_attributes

_ARRAY = re.compile(r"(\d{1,2})/zarr\.json")
_CHUNK = re.compile(r"(\d{1,2})/c/(\d{1,6})/(\d{1,4})/(\d{1,4})")
# Whole planes that were put together lately: a viewer asks for their tiles one by one.
_PLANES = 4


class VirtualMask:
    """The files of a cube's final mask. ``mark`` changes when the mask does."""

    def __init__(self, cube: Cube) -> None:
        self._cube = cube
        self._final = FinalMask(cube)
        self._levels = pyramid(self._final.shape, voxel_size_of(cube))
        known = digest(s for places in self._final.sources.values() for s in places)
        proposal = self._final.proposal.pk if self._final.proposal else 0
        self.mark = f"{cube.pk}-{proposal}-{known[:16]}"

    def file(self, path: str) -> bytes | None:
        """The bytes of a file of the hierarchy; None where there is none (an empty chunk too)."""
        if path == "zarr.json":
            return self._group()
        if found := _ARRAY.fullmatch(path):
            level = self._level(int(found[1]))
            return None if level is None else self._array(level)
        if found := _CHUNK.fullmatch(path):
            level = self._level(int(found[1]))
            return None if level is None else self._chunk(level, *map(int, found.groups()[1:]))
        return None

    def _level(self, index: int) -> Level | None:
        return self._levels[index] if index < len(self._levels) else None

    def _group(self) -> bytes:
        study = self._cube.study
        attributes = multiscale_attributes(
            f"{self._cube.name} consensus",
            self._levels,
            voxel_size_of(self._cube),
            CubeFacts("label", self.mark),
            version="0.5",
            colours={} if study.instances else {c.value: c.color for c in study.classes.all()},
        )
        return _json({"zarr_format": 3, "node_type": "group", "attributes": attributes})

    def _array(self, level: Level) -> bytes:
        return _json(
            {
                "zarr_format": 3,
                "node_type": "array",
                "shape": list(level.shape),
                "data_type": self._final.dtype.name,
                "chunk_grid": {
                    "name": "regular",
                    "configuration": {"chunk_shape": [1, TILE, TILE]},
                },
                "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
                "fill_value": 0,
                "codecs": [
                    {"name": "bytes", "configuration": {"endian": "little"}},
                    {"name": "gzip", "configuration": {"level": 1}},
                ],
                "dimension_names": ["z", "y", "x"],
                "attributes": {},
            }
        )

    def _chunk(self, level: Level, z: int, row: int, column: int) -> bytes | None:
        depth, height, width = level.shape
        region = tile_region(z, row, column, height, width) if z < depth else None
        if region is None:
            return None
        plane = self._plane(min(z * level.factors[0], self._final.shape[0] - 1))
        # The nearest voxel: labels are not averaged.
        rows = _picked(region.rows, level.factors[1], plane.shape[0])
        columns = _picked(region.columns, level.factors[2], plane.shape[1])
        tile = plane[np.ix_(rows, columns)]
        if not tile.any():
            return None
        chunk = np.zeros((TILE, TILE), self._final.dtype.newbyteorder("<"))
        chunk[: tile.shape[0], : tile.shape[1]] = tile
        return gzip.compress(chunk.tobytes(), compresslevel=1, mtime=0)

    def _plane(self, z: int) -> NDArray[Any]:
        return _kept(_Place(self._final, z, self.mark))


class _Place:
    """A slice of a mask, equal to another one where mark and number are."""

    def __init__(self, final: FinalMask, z: int, mark: str) -> None:
        self.final, self.z, self.mark = final, z, mark

    def __hash__(self) -> int:
        return hash((self.z, self.mark))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Place) and (self.z, self.mark) == (other.z, other.mark)


@lru_cache(maxsize=_PLANES)
def _kept(place: _Place) -> NDArray[Any]:
    return place.final.slice(place.z)


def _picked(span: slice, factor: int, length: int) -> NDArray[np.intp]:
    """Which voxels of level 0 stand for those of a coarser level."""
    wanted = np.arange(span.start, span.stop, dtype=np.intp) * factor + factor // 2
    picked: NDArray[np.intp] = np.minimum(wanted, length - 1)
    return picked


def _json(value: dict[str, Any]) -> bytes:
    return json.dumps(value).encode()
