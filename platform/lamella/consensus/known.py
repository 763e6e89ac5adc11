"""Everything that is known of a cube: agreed tasks, and imported training labels.

A source is one slice or tile of it. Sources are values, so that a snapshot of them can be stored
with a training run or a proposal, and told apart by its hash.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from lamella.consensus.models import Consensus
from lamella.cubes.models import Cube, Labels, LabelsRole, VolumeState
from lamella.cubes.store import location
from lamella.rounds.models import Task
from lamella.studies.classes import ClassMap
from lamella.volumes import codec
from lamella.volumes.geometry import Region
from lamella.volumes.omezarr_read import CubeReader, open_cube
from models.propagation.known import KnownSlice


@dataclass(frozen=True, order=True)
class Source:
    """One known place. ``kind`` is "labels" or "consensus", ``id`` the row's, ``mark`` its hash."""

    cube: int
    z: int
    y0: int
    x0: int
    height: int
    width: int
    kind: str
    id: int
    mark: str

    @property
    def region(self) -> Region:
        return Region(self.z, self.y0, self.x0, self.height, self.width)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def sources_of(cube: Cube, *, with_blind: bool = False) -> list[Source]:
    """All that is known of a cube now. Of two at the same place the later agreement counts.

    Blind audits are held back: only an export shows them (``with_blind``). Whatever else used them,
    they could no longer certify.
    """
    places: dict[tuple[int, int, int, int, int], Source] = {}
    _, height, width = cube.shape
    training = cube.labels.filter(role=LabelsRole.TRAINING, state=VolumeState.READY)
    for labels in training.order_by("pk"):
        for z in labels.slices if labels.slices is not None else range(cube.depth):
            source = Source(
                cube.pk, z, 0, 0, height, width, "labels", labels.pk, labels.checksum[:16]
            )
            places[(z, 0, 0, height, width)] = source
    agreed = (
        Consensus.objects.filter(
            current=True,
            task__cube=cube,
            task__state__in=[Task.State.RETIRED, Task.State.ACCEPTED],
        )
        .exclude(task__kind=Task.Kind.GOLD)
        .filter(task__blind__in=[False, with_blind])
        .order_by("task_id")
        .values_list(
            "task__z", "task__y0", "task__x0", "task__height", "task__width", "pk", "mask_hash"
        )
    )
    for z, y0, x0, h, w, pk, mark in agreed:
        places[(z, y0, x0, h, w)] = Source(cube.pk, z, y0, x0, h, w, "consensus", pk, mark[:16])
    return sorted(places.values())


def digest(sources: Iterable[Source]) -> str:
    """Hash of what is known; the empty string when nothing is."""
    listed = sorted(sources)
    if not listed:
        return ""
    text = json.dumps([s.to_json() for s in listed], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


@lru_cache(maxsize=32)
def _labels_reader(uri: str) -> CubeReader:
    return open_cube(location(uri))


def read_source(source: Source) -> NDArray[Any]:
    """(height, width) label values of a source."""
    if source.kind == "consensus":
        row = Consensus.objects.only("mask").get(pk=source.id)
        return codec.unpack(bytes(row.mask), shape=(source.height, source.width), dtype=np.uint32)
    labels = Labels.objects.only("uri").get(pk=source.id)
    return _labels_reader(labels.uri).region(source.region)


def known_slices(
    sources: Sequence[Source], plane: tuple[int, int], classes: ClassMap
) -> dict[int, KnownSlice]:
    """Known slices by z, as classes 0..K in uint8; tiles of a slice are put together."""
    slices: dict[int, KnownSlice] = {}
    unsure = codec.unsure_of(np.uint8)
    for source in sorted(sources, key=lambda s: (s.z, s.id)):
        if source.z not in slices:
            slices[source.z] = KnownSlice(
                np.full(plane, unsure, dtype=np.uint8), np.zeros(plane, dtype=bool)
            )
        known, region = slices[source.z], source.region
        known.labels[region.rows, region.columns] = classes.to_classes(read_source(source))
        assert known.valid is not None
        known.valid[region.rows, region.columns] = True
    return {
        z: KnownSlice(k.labels, None if k.valid is None or k.valid.all() else k.valid)
        for z, k in slices.items()
    }


def object_ids(sources: Sequence[Source], plane: tuple[int, int]) -> NDArray[np.uint32]:
    """(H, W) ids of objects on one slice, UNSURE where nobody vouches.

    sources: all of one slice. Volunteers number their new objects tile by tile, so that one id in
    two tiles is one object only where both parts touch. Ids are from 1 on, in no order.
    """
    unsure = codec.unsure_of(np.uint32)
    # (source, id) in one number; 0 background, below 0 nobody vouches.
    keys = np.full(plane, -1, dtype=np.int64)
    for index, source in enumerate(sorted(sources, key=lambda s: s.id)):
        mask = read_source(source)
        place = keys[source.region.rows, source.region.columns]
        sure = mask != unsure
        drawn = np.where(mask > 0, (index << 32) + mask.astype(np.int64), 0)
        place[sure] = drawn[sure]
    values, inverse = np.unique(keys, return_inverse=True)
    places = inverse.reshape(plane)
    pairs = np.concatenate(
        [
            np.stack([places[:, 1:].ravel(), places[:, :-1].ravel()]),
            np.stack([places[1:].ravel(), places[:-1].ravel()]),
        ],
        axis=1,
    )
    pairs = np.unique(pairs[:, pairs[0] != pairs[1]], axis=1)
    a, b = values[pairs[0]], values[pairs[1]]
    one = pairs[:, (a > 0) & (b > 0) & ((a & unsure) == (b & unsure))]
    graph = coo_array(
        (np.ones(one.shape[1], dtype=bool), (one[0], one[1])), shape=(len(values),) * 2
    )
    _, object_ = connected_components(graph, directed=False)
    numbers = np.where(values > 0, object_ + 1, 0).astype(np.uint32)
    numbers[values < 0] = unsure
    found: NDArray[np.uint32] = numbers[places]
    return found
