"""What a cube's mask looks like as a whole, small enough to be turned about in a browser."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lamella.consensus.known import sources_of
from lamella.cubes.models import Cube
from lamella.learning.models import Proposal
from lamella.learning.proposals import labels_reader
from lamella.studies.classes import class_map
from lamella.volumes.omezarr_read import CubeReader

SIDE = 64
"""Voxels along the longest axis at most."""
SEEN = 128
"""Bit of a voxel in whose slice people agreed on something."""
MOST_VALUES = 127


@dataclass(frozen=True)
class Body:
    """voxels: (Z, Y, X) uint8: 0, or 1..127 the number of the class, with SEEN added. Object ids
    are numbered round and round. size: (3,) lengths along z, y, x in one unit."""

    voxels: NDArray[np.uint8]
    size: tuple[float, float, float]


def body_of(cube: Cube, proposal: Proposal) -> Body:
    """The proposal, which holds what people agreed on until it was made, at SIDE voxels a side.

    Reads one coarse plane for each of at most SIDE slices, whatever the size of the cube.
    """
    reader = labels_reader(proposal)
    depth, height, width = reader.shape
    level = _coarsest(reader)
    planes = reader.array(level)
    slices = _picked(depth, SIDE)
    rows, columns = _picked(planes.shape[1], SIDE), _picked(planes.shape[2], SIDE)
    classes = class_map(cube.study)
    seen = {source.z for source in sources_of(cube)}
    voxels = np.zeros((len(slices), len(rows), len(columns)), dtype=np.uint8)
    edges = np.append(slices, depth)
    for place, z in enumerate(slices.tolist()):
        plane = np.asarray(planes[z * planes.shape[0] // depth])[np.ix_(rows, columns)]
        found = _numbered(plane) if classes.instances else classes.to_classes(plane)
        voxels[place] = np.where(found <= MOST_VALUES, found, 0)
        if any(z <= known < edges[place + 1] for known in seen):
            voxels[place][voxels[place] > 0] |= SEEN
    scale = cube.voxel_size or (1.0, 1.0, 1.0)
    return Body(voxels, (depth * scale[0], height * scale[1], width * scale[2]))


def _coarsest(reader: CubeReader) -> int:
    """The coarsest level that still has SIDE pixels along a side of its planes, or the finest."""
    fine = [level.index for level in reader.levels if max(level.shape[1:]) >= SIDE]
    return max(fine, default=0)


def _picked(length: int, most: int) -> NDArray[np.int64]:
    """At most so many indices, evenly spread over an axis."""
    count = min(length, most)
    return (np.arange(count) * length // count).astype(np.int64)


def _numbered(ids: NDArray[np.unsignedinteger[Any]]) -> NDArray[np.int64]:
    """Object ids as 1..MOST_VALUES, round and round; 0 stays."""
    values = ids.astype(np.int64)
    unsure = int(np.iinfo(ids.dtype).max)
    return np.where((values > 0) & (values < unsure), (values - 1) % MOST_VALUES + 1, 0)
