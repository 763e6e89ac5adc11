"""What a round was worth, measured against labels that only the simulation has."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr

from lamella.annotation.models import Correction
from lamella.consensus.final import FinalMask
from lamella.consensus.known import known_slices, sources_of
from lamella.cubes.models import Cube
from lamella.learning.proposals import prediction
from lamella.learning.selectors import serving_version
from lamella.rounds.models import Certificate, Round
from lamella.studies.classes import ClassMap, class_map
from models.propagation.interpolate import interpolate_slices
from models.propagation.known import KnownSlice
from models.quality.metrics import overlap_of_slices

TARGETS = (0.90, 0.94, 0.95)


@dataclass(frozen=True)
class RoundFigures:
    """One row of the table. All Dice are means over classes, of the whole cube.

    dice_final: the mask a study would export; dice_proposal: the model alone;
    dice_interpolation: interpolating the slices shown; score_error_spearman: rank correlation of
    the score that chose with the true error, over the slices it could choose from.
    """

    number: int
    shown_fraction: float
    classifications: int
    seconds: float
    dice_final: float
    dice_proposal: float | None
    dice_interpolation: float
    score_error_spearman: float | None
    audit: dict[str, float | None] | None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def measure(cube: Cube, truth: NDArray[np.uint8], closed: Round | None) -> RoundFigures:
    """Figures of a cube after a round; of the seed slices alone where ``closed`` is None.

    truth: (Z, H, W) classes 0..K.
    """
    classes = class_map(cube.study)
    final = FinalMask(cube)
    known = known_slices(sources_of(cube), (cube.shape[1], cube.shape[2]), classes)
    corrections = Correction.objects.filter(task__study=cube.study, assignment__practice=False)
    seconds = sum(corrections.values_list("active_seconds", flat=True))
    return RoundFigures(
        number=closed.number if closed else 0,
        shown_fraction=round(final.shown, 4),
        classifications=corrections.count(),
        seconds=round(seconds, 1),
        dice_final=_dice_final(final, truth, classes),
        dice_proposal=_dice_model(cube, truth, classes),
        dice_interpolation=interpolated(known, truth, classes.count),
        score_error_spearman=None if closed is None else _score_against_error(closed, cube, truth),
        audit=None if closed is None else _audit(closed, cube),
    )


def _dice_final(final: FinalMask, truth: NDArray[np.uint8], classes: ClassMap) -> float:
    pairs = ((classes.to_classes(final.slice(z)), truth[z]) for z in range(len(truth)))
    return overlap_of_slices(pairs, classes.count).mean_dice()


def _dice_model(cube: Cube, truth: NDArray[np.uint8], classes: ClassMap) -> float | None:
    serving = serving_version(cube.study)
    volume = None if serving is None else prediction(serving.pk, cube.pk)
    if volume is None:
        return None
    pairs = ((_argmax(volume[:, z]), truth[z]) for z in range(len(truth)))
    return overlap_of_slices(pairs, classes.count).mean_dice()


def _argmax(shares: NDArray[np.uint8]) -> NDArray[np.uint8]:
    wide = shares.astype(np.int32)
    rest = 255 - wide.sum(axis=0, keepdims=True)
    chosen: NDArray[np.uint8] = np.concatenate([rest, wide]).argmax(axis=0).astype(np.uint8)
    return chosen


def interpolated(known: Mapping[int, KnownSlice], truth: NDArray[np.uint8], classes: int) -> float:
    """Dice of what interpolating the known slices gives, with no model at all."""
    planes = interpolate_slices(known, truth.shape, classes)
    pairs = ((np.asarray(plane, np.uint8), truth[z]) for z, plane in enumerate(planes))
    return overlap_of_slices(pairs, classes).mean_dice()


def interpolation_at(truth: NDArray[np.uint8], classes: int) -> dict[str, float | None]:
    """Share of evenly spaced slices from which interpolation reaches each of TARGETS."""
    depth = len(truth)
    reached: dict[str, float | None] = {f"{target:.2f}": None for target in TARGETS}
    for count in range(2, depth // 2 + 1, max(1, depth // 70)):
        places = np.unique(np.linspace(0, depth - 1, count).round().astype(int))
        dice = interpolated({int(z): KnownSlice(truth[z]) for z in places}, truth, classes)
        for target in TARGETS:
            key = f"{target:.2f}"
            if reached[key] is None and dice >= target:
                reached[key] = round(len(places) / depth, 4)
        if dice >= max(TARGETS):
            break
    return reached


def _score_against_error(closed: Round, cube: Cube, truth: NDArray[np.uint8]) -> float | None:
    """Of the proposal that the round chose from."""
    record = closed.selection.get("candidates", {})
    scores = record.get("scores", {}).get("discriminator")
    task = closed.tasks.filter(cube=cube, proposal__isnull=False).first()
    if scores is None or task is None or task.proposal is None:
        return None
    classes = class_map(cube.study)
    past = FinalMask(cube, task.proposal)
    past.sources.clear()
    errors, values = [], []
    for place, score, stratum in zip(record["places"], scores, record["stratum"], strict=True):
        if place[0] != cube.pk or stratum < 0 or score is None:
            continue
        _, z, y0, x0, height, width = place
        window = (slice(y0, y0 + height), slice(x0, x0 + width))
        plane = classes.to_classes(past.slice(z))[window]
        errors.append(int((plane != truth[z][window]).sum()))
        values.append(score)
    if len(set(errors)) < 2 or len(set(values)) < 2:
        return None
    return round(float(spearmanr(values, errors).statistic), 4)


def _audit(closed: Round, cube: Cube) -> dict[str, float | None] | None:
    found = Certificate.objects.filter(round=closed, cube=cube).first()
    if found is None:
        return None
    return {"dice": found.dice, "low": found.low, "high": found.high}


def shown_at(rounds: list[RoundFigures]) -> dict[str, float | None]:
    """The first share shown at which the final mask reached each of TARGETS."""
    return {
        f"{target:.2f}": next((r.shown_fraction for r in rounds if r.dice_final >= target), None)
        for target in TARGETS
    }
