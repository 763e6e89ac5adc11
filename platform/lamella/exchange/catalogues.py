"""The catalogue of a cube's objects: asking for it, keeping it, reading it a page at a time."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from numpy.typing import NDArray

from lamella.consensus.compute import unpack_probability
from lamella.consensus.final import FinalMask
from lamella.consensus.models import Consensus
from lamella.cubes.models import Cube, VolumeState
from lamella.exchange.models import Catalogue, CatalogueObject
from lamella.exchange.services import ExportError
from lamella.jobs.models import Job, JobState
from lamella.jobs.services import enqueue
from lamella.learning.proposals import PROBABILITY, root_of
from lamella.studies.classes import class_map
from lamella.volumes.errors import StoreError
from lamella.volumes.slabs import SlabArray, open_array
from models.quality.objects import Objects

LENGTH = 12
"""Rows of one page."""

Sort = Literal["volume", "doubt"]


@transaction.atomic
def request_catalogue(cube: Cube) -> Job:
    """Queue it to be made anew. Raises ExportError."""
    if cube.state != VolumeState.READY:
        raise ExportError(
            f"The cube “{cube.name}” is {cube.get_state_display()}; its objects can be listed once "
            "it is ready."
        )
    return enqueue(
        "catalogue",
        params={"cube_id": cube.pk},
        title=f"List the objects of {cube.name}",
        scope=cube.study.slug,
        key=f"catalogue:{cube.pk}",
    )


def keep(cube: Cube, mark: str, table: Objects, doubt: NDArray[np.float64]) -> Catalogue:
    """Put a new catalogue in the place of the old one; within the caller's transaction."""
    kept, _ = Catalogue.objects.get_or_create(cube=cube)
    kept.entries.all().delete()
    CatalogueObject.objects.bulk_create(_rows(kept, table, doubt), batch_size=1000)
    Catalogue.objects.filter(pk=kept.pk).update(
        mark=mark, count=len(table), made=timezone.now(), error=""
    )
    kept.refresh_from_db()
    return kept


def _rows(kept: Catalogue, table: Objects, doubt: NDArray[np.float64]) -> Iterator[CatalogueObject]:
    for k in range(len(table)):
        z, y, x = (float(v) for v in table.centroid[k])
        yield CatalogueObject(
            catalogue=kept,
            number=int(table.identity[k]),
            value=int(table.value[k]),
            volume=int(table.volume[k]),
            z=z,
            y=y,
            x=x,
            box=[*(int(v) for v in table.low[k]), *(int(v) for v in table.high[k])],
            doubt=float(doubt[k]),
        )


def catalogue_ended(job: Job) -> None:
    """Keep why it failed, beside the catalogue there was."""
    if job.state == JobState.FAILED:
        Catalogue.objects.update_or_create(
            cube_id=job.params["cube_id"], defaults={"error": job.error}
        )


class Certainty:
    """How likely each voxel of a final mask is what it is labelled as, slice by slice.

    Where people looked that is the share of their votes (or what the consensus made of it),
    elsewhere the proposal's probability of the label it shows, or 1 where none is kept.
    """

    def __init__(self, final: FinalMask) -> None:
        self._final = final
        self._array = _kept(final)
        self._classes = class_map(final.cube.study)

    def slice(self, z: int, labels: NDArray[Any]) -> NDArray[np.float32]:
        """(H, W) in 0..1 for the labels of slice z."""
        found = np.ones(labels.shape, dtype=np.float32)
        if self._array is not None:
            found = self._of_proposal(z, labels)
        for source in self._final.sources_at(z):
            region = source.region
            place = found[region.rows, region.columns]
            place[:] = 1.0
            if source.kind == "consensus":
                packed = Consensus.objects.values_list("probability", flat=True).get(pk=source.id)
                if packed:
                    place[:] = unpack_probability(bytes(packed), (source.height, source.width))
        return found

    def _of_proposal(self, z: int, labels: NDArray[Any]) -> NDArray[np.float32]:
        assert self._array is not None
        planes = np.asarray(self._array.array[:, z]).astype(np.float32) / 255
        classes = np.minimum(self._classes.to_classes(labels), len(planes))
        # Of background nothing is asked: there is no object in it.
        chosen = np.take_along_axis(
            planes, np.maximum(classes, 1)[None].astype(np.intp) - 1, axis=0
        )
        return np.asarray(chosen[0], dtype=np.float32)


def _kept(final: FinalMask) -> SlabArray | None:
    if final.proposal is None:
        return None
    try:
        return open_array(root_of(final.proposal), PROBABILITY)
    except StoreError:  # another tool's masks come without
        return None


@dataclass(frozen=True)
class ObjectPage:
    rows: list[CatalogueObject]
    after: str
    """Where the next page begins; empty after the last."""


def objects_of(catalogue: Catalogue, sort: Sort = "volume", after: str = "") -> ObjectPage:
    """The largest, or the most doubtful first. One query.

    Raises ValueError for an ``after`` that this function did not give.
    """
    found = catalogue.entries.all()
    if after:
        value, pk = after.split(":")
        last, key = float(value), int(pk)
        found = found.filter(**{f"{sort}__lte": last}).filter(
            Q(**{f"{sort}__lt": last}) | Q(pk__gt=key)
        )
    rows = list(found.order_by(f"-{sort}", "pk")[: LENGTH + 1])
    more = ""
    if len(rows) > LENGTH:
        end = rows[LENGTH - 1]
        more = f"{getattr(end, sort)!r}:{end.pk}"
    return ObjectPage(rows[:LENGTH], more)
