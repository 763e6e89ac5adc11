"""Every place that could become a task, with what the proposal's patch scores say of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lamella.cubes.models import Cube
from lamella.cubes.volumes import reader_of
from lamella.learning.models import Proposal
from lamella.learning.proposals import read_scores
from lamella.volumes.geometry import Region
from models.config import SelectionConfig
from models.selection import candidates as pure
from models.selection.features import look

# Looks are taken from a thumbnail of at most this many pixels a side.
_LOOK_PX = 256


@dataclass(frozen=True)
class Candidate:
    """A place; ``labelled`` and ``doubt`` are voxels (see workers.plane_scores.COUNTS)."""

    cube_id: int
    region: Region
    scores: Mapping[str, float] = field(default_factory=dict)
    labelled: float = 0.0
    doubt: float = 0.0
    stratum: int = -1
    proposed: bool = False


def candidates_of(
    cube: Cube, proposal: Proposal | None, config: SelectionConfig
) -> list[Candidate]:
    """The slices of a cube, or their tiles where slices are large, in reading order."""
    z, boxes = pure.candidates(tuple(cube.shape), config)
    regions = [Region(int(k), *map(int, box)) for k, box in zip(z, boxes, strict=True)]
    if proposal is None:
        return [Candidate(cube.pk, region) for region in regions]
    maps = score_maps(proposal)
    columns = {name: _of_boxes(values, patch, z, boxes) for name, (values, patch) in maps.items()}
    area = (boxes[:, 2] * boxes[:, 3]).astype(np.float64)
    labelled = columns.pop("labelled", np.zeros(len(z))) * area
    doubt = columns.pop("doubt", np.zeros(len(z))) * area
    # Another tool's masks come without probabilities; what they label is what they are sure of.
    columns.setdefault("foreground", labelled / area)
    return [
        Candidate(
            cube.pk,
            region,
            {name: float(values[i]) for name, values in columns.items()},
            float(labelled[i]),
            float(doubt[i]),
            proposed=True,
        )
        for i, region in enumerate(regions)
    ]


# What the discriminator says of a proposal as it is, and of it without its shades.
_REALNESS = {
    "discriminator_focus": "discriminator",
    "discriminator_binary": "discriminator_binary",
}


def score_maps(proposal: Proposal) -> dict[str, tuple[NDArray[np.float32], int]]:
    """The stored patch maps, and the discriminator's turned round: larger is more doubtful.

    Only where the proposal has or may have something can it look wrong, so the discriminator's
    doubt is weighted by that.
    """
    maps = read_scores(proposal)
    for judged, name in _REALNESS.items():
        if judged in maps:
            realness, patch = maps.pop(judged)
            focus, _ = maps["focus"]
            maps[name] = ((1.0 - realness) * focus, patch)
    return maps


def _of_boxes(
    maps: NDArray[np.float32], patch: int, z: NDArray[np.int64], boxes: NDArray[np.int64]
) -> NDArray[np.float64]:
    result = np.empty(len(z))
    for plane in np.unique(z):
        here = z == plane
        result[here] = pure.score_boxes(maps[plane], patch, boxes[here])
    return result


def looks_of(cube: Cube, candidates: Sequence[Candidate]) -> NDArray[np.float64]:
    """(N, F) simple looks: what candidates are told apart by before anything was proposed."""
    return _looks(cube.pk, cube.checksum, tuple(candidate.region for candidate in candidates))


# A cube's looks never change as long as its checksum does not, and every round asks for them.
@lru_cache(maxsize=8)
def _looks(cube_id: int, checksum: str, regions: tuple[Region, ...]) -> NDArray[np.float64]:
    cube = Cube.objects.get(pk=cube_id)
    reader = reader_of(cube)
    planes: dict[int, NDArray[Any]] = {}
    rows = []
    for region in regions:
        if region.z not in planes:
            planes = {region.z: reader.plane("z", region.z, _LOOK_PX)}
        plane = planes[region.z]
        scale_y, scale_x = plane.shape[0] / cube.shape[1], plane.shape[1] / cube.shape[2]
        y0, x0 = int(region.y0 * scale_y), int(region.x0 * scale_x)
        y1 = max(y0 + 1, int(region.rows.stop * scale_y))
        x1 = max(x0 + 1, int(region.columns.stop * scale_x))
        rows.append(look(plane[y0:y1, x0:x1], cube.low, cube.high))
    return np.stack(rows)
