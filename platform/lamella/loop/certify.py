"""What the audit says about each cube when a round closes.

The certificate rests on blind masks alone: whoever sees a proposal tends to agree with it. All that
were ever drawn certify the mask that the study would export now, itself without them.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lamella.consensus.final import FinalMask
from lamella.consensus.joined import joined
from lamella.consensus.models import Consensus
from lamella.cubes.models import Cube
from lamella.learning.models import Proposal
from lamella.learning.selectors import current_proposal
from lamella.loop.anchored import anchored_certificate
from lamella.loop.auditing import TileGrid, chances_of, grid_of
from lamella.rounds.models import Certificate, Round, Task
from lamella.rounds.services import Bounds, CertificateFigures
from lamella.studies.classes import ClassMap, class_map
from lamella.studies.policy import config_of
from lamella.volumes import codec
from models.config import BlindConfig
from models.quality.certificate import Interval, Tiles, certify
from models.quality.found import Heights, Met, met, share
from models.quality.objects import ObjectFinder, object_slices
from models.quality.spending import level

METHOD = "blind tiles, valid at any time"


@dataclass(frozen=True)
class _Audited:
    """One blind mask: its tile's index in the grid, and classes (height, width)."""

    index: int
    truth: NDArray[np.uint8]


@dataclass(frozen=True)
class _Exported:
    """The exported mask, read once: voxels of each class, and what lies under the audited tiles."""

    predicted: NDArray[np.float64]
    heights: Heights
    tiles: dict[int, tuple[NDArray[np.uint8], NDArray[np.uint32]]]


def certificates_of(closing: Round) -> list[CertificateFigures]:
    """An estimate for every cube that was audited by the end of a round."""
    cubes = list(closing.study.cubes.select_related("study").order_by("pk"))
    found = [_certificate(closing, cube) for cube in cubes]
    return [figures for figures in found if figures is not None]


def _certificate(closing: Round, cube: Cube) -> CertificateFigures | None:
    if not cube.shape:
        return None
    config = config_of(cube.study, BlindConfig, "blind")
    tiles = grid_of(cube, config)
    look = _last_complete(closing, cube)
    chance = None if look is None else chances_of(look, cube, tiles)
    audited = [] if look is None or chance is None else _blind_masks(cube, tiles, chance, look)
    proposal = current_proposal(cube)
    if chance is None or not audited or proposal is None:
        return anchored_certificate(closing, cube)
    return _blind_certificate(closing, cube, proposal, tiles, chance, audited, config)


def _last_complete(closing: Round, cube: Cube) -> Round | None:
    """The newest round whose blind tiles, and those before it, are all drawn.

    A round does not wait for its blind tiles. Those that happen to be drawn first are no random
    sample of all, so none of a batch counts before all of it do.
    """
    waiting = Task.objects.filter(cube=cube, blind=True, state=Task.State.OPEN)
    first = waiting.order_by("round__number").values_list("round__number", flat=True).first()
    if first is None:
        return closing
    return closing.study.rounds.filter(number__lt=first).order_by("-number").first()


def _blind_masks(
    cube: Cube, tiles: TileGrid, chance: NDArray[np.float64], look: Round
) -> list[_Audited]:
    classes = class_map(cube.study)
    rows = Consensus.objects.filter(
        current=True,
        task__cube=cube,
        task__blind=True,
        task__round__number__lte=look.number,
        task__state__in=[Task.State.RETIRED, Task.State.ACCEPTED],
    ).select_related("task")
    found = []
    for row in rows.order_by("task_id"):
        task = row.task
        index = tiles.index(task.z, task.y0, task.x0)
        if index is None or chance[index] <= 0:
            continue  # drawn for another grid, with a chance that is not known any more
        mask = codec.unpack(bytes(row.mask), shape=(task.height, task.width))
        found.append(_Audited(index, classes.to_classes(mask)))
    return found


def _blind_certificate(
    closing: Round,
    cube: Cube,
    proposal: Proposal,
    tiles: TileGrid,
    chance: NDArray[np.float64],
    audited: Sequence[_Audited],
    config: BlindConfig,
) -> CertificateFigures:
    classes = class_map(cube.study)
    exported = _export(cube, proposal, tiles, {item.index for item in audited}, classes)
    index = np.array([item.index for item in audited])
    drawn = float(tiles.area[index].sum() / tiles.area.sum())
    before = Certificate.objects.filter(cube=cube).values_list("audited", flat=True)
    alpha = level(drawn, list(before), config.planned)
    counts = np.array([_counts(item, exported, classes.count) for item in audited])
    sample = Tiles(chance[index], *counts.transpose(1, 2, 0))
    result = certify(sample, exported.predicted, chance, alpha)
    objects = np.array([_objects(item, exported) for item in audited])
    completeness = share(objects[:, 1], objects[:, 0], chance[index], alpha)
    purity = share(objects[:, 3], objects[:, 2], chance[index], alpha)
    note = (
        f"{result.note} They are {100 * drawn:.1f} % of the cube; nothing was trained on them, and "
        "the interval may be looked at after every round."
    )
    if classes.count > 1:
        note += " The mean over classes."
    return CertificateFigures(
        cube=cube,
        proposal=proposal,
        method=METHOD,
        dice=_number(result.dice.value),
        low=result.dice.low,
        high=result.dice.high,
        tasks=result.tiles,
        note=note,
        blind=result.tiles,
        audited=drawn,
        completeness=_bounds(completeness),
        purity=_bounds(purity),
    )


def _export(
    cube: Cube, proposal: Proposal, tiles: TileGrid, wanted: set[int], classes: ClassMap
) -> _Exported:
    """Two passes over the exported mask: for sizes, labels and objects, and for the ids of these.

    What is read is the mask as it is written to files, joined along z.
    """
    final = FinalMask(cube, proposal, with_blind=False)
    predicted = np.zeros(classes.count)
    finder = ObjectFinder()
    labels: dict[int, NDArray[np.uint8]] = {}
    for z, plane in enumerate(_planes(final, classes)):
        predicted += [np.count_nonzero(plane == k) for k in range(1, classes.count + 1)]
        finder.add(plane)
        for index, place in _boxes(tiles, z):
            if index in wanted:
                labels[index] = plane[place].copy()
    volume = np.concatenate([[0], finder.objects().volume])
    crossed = np.zeros(len(volume), dtype=np.int64)
    kept = {}
    for z, ids in enumerate(object_slices(_planes(final, classes), finder.owners())):
        for index, place in _boxes(tiles, z):
            here = ids[place]
            crossed[np.unique(here)] += 1
            if index in wanted:
                kept[index] = (labels[index], here.copy())
    crossed[0] = 0
    return _Exported(predicted, Heights(crossed, volume), kept)


def _planes(final: FinalMask, classes: ClassMap) -> Iterator[NDArray[np.uint8]]:
    for _, item in joined(final):
        yield classes.to_classes(item.labels)


def _boxes(tiles: TileGrid, z: int) -> Iterator[tuple[int, tuple[slice, slice]]]:
    """The tiles of a slice: index in the grid, rows and columns."""
    for tile, (y0, x0, height, width) in enumerate(tiles.boxes.tolist()):
        yield z * len(tiles.boxes) + tile, (slice(y0, y0 + height), slice(x0, x0 + width))


def _counts(item: _Audited, exported: _Exported, classes: int) -> list[list[float]]:
    """[predicted, true, both] where the blind mask was sure and predicted where not, by class."""
    mask, _ = exported.tiles[item.index]
    sure = item.truth != codec.unsure_of(np.uint8)
    values = range(1, classes + 1)
    return [
        [float(((mask == k) & sure).sum()) for k in values],
        [float(((item.truth == k) & sure).sum()) for k in values],
        [float(((mask == k) & (item.truth == k) & sure).sum()) for k in values],
        [float(((mask == k) & ~sure).sum()) for k in values],
    ]


def _objects(item: _Audited, exported: _Exported) -> list[float]:
    mask, ids = exported.tiles[item.index]
    sure = item.truth != codec.unsure_of(np.uint8)
    found: Met = met(item.truth, mask, ids, sure, exported.heights)
    return [found.true, found.found, found.predicted, found.real]


def _bounds(interval: Interval) -> Bounds:
    if math.isnan(interval.value):
        return None, None, None
    return interval.value, interval.low, interval.high


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value
