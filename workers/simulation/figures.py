"""What a round was worth, measured against labels that only the simulation has."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr

from lamella.annotation.models import Correction
from lamella.consensus.final import FinalMask
from lamella.consensus.known import known_slices
from lamella.cubes.models import Cube
from lamella.exchange.writing import joined
from lamella.learning.models import Proposal
from lamella.learning.proposals import labels_reader, prediction
from lamella.learning.selectors import serving_version
from lamella.rounds.models import Certificate, Round
from lamella.studies.classes import ClassMap, class_map
from models.propagation.interpolate import interpolate_slices
from models.propagation.known import KnownSlice
from models.quality.metrics import overlap_of_slices
from models.selection.registry import STRATEGIES

TARGETS = (0.90, 0.94, 0.95)
Audit = dict[str, float | None]


@dataclass(frozen=True)
class RoundFigures:
    """One row of the table. All Dice are means over classes, of the whole cube.

    shown_fraction: of the voxels, everything that people saw, seed and audit included;
    seconds: of all volunteers; dice_final: the mask a study would export; dice_proposal: the model
    alone; dice_interpolation: interpolating what was shown; score_error_spearman: rank correlation
    of the score that chose with the true error, over the places it could choose from, and spearman
    that of every score; audit: the certificate's Dice with its interval, and the true value.
    """

    number: int
    shown_fraction: float
    classifications: int
    seconds: float
    dice_final: float
    dice_proposal: float | None
    dice_interpolation: float
    score_error_spearman: float | None
    audit: Audit | None
    spearman: dict[str, float] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def measure(cube: Cube, truth: NDArray[np.uint8], closed: Round | None) -> RoundFigures:
    """Figures of a cube after a round; of the seed slices alone where ``closed`` is None.

    truth: (Z, H, W) classes 0..K.
    """
    classes = class_map(cube.study)
    final = FinalMask(cube)
    sources = [source for here in final.sources.values() for source in here]
    known = known_slices(sources, (cube.shape[1], cube.shape[2]), classes)
    corrections = Correction.objects.filter(task__study=cube.study, assignment__practice=False)
    seconds = sum(corrections.values_list("active_seconds", flat=True))
    proposal = None if closed is None else _chosen_from(closed, cube)
    ranks = {} if proposal is None else _score_against_error(closed, proposal, truth, classes)
    return RoundFigures(
        number=closed.number if closed else 0,
        shown_fraction=round(_shown(final), 4),
        classifications=corrections.count(),
        seconds=round(seconds, 1),
        dice_final=_dice_final(final, truth, classes),
        dice_proposal=_dice_model(cube, truth, classes),
        dice_interpolation=interpolated(known, truth, classes.count),
        score_error_spearman=None if closed is None else _own_rank(closed.strategy, ranks),
        audit=None if closed is None else _audit(closed, cube, truth, classes),
        spearman=ranks,
    )


def _shown(final: FinalMask) -> float:
    """Share of the voxels that people saw; what several tasks showed counts once."""
    seen = 0
    for places in final.sources.values():
        plane = np.zeros(final.shape[1:], dtype=bool)
        for source in places:
            plane[source.region.rows, source.region.columns] = True
        seen += int(plane.sum())
    return float(seen / np.prod(final.shape, dtype=np.float64))


def _dice_final(final: FinalMask, truth: NDArray[np.uint8], classes: ClassMap) -> float:
    pairs = (
        (classes.to_classes(item.labels), truth[z]) for z, (_, item) in enumerate(joined(final))
    )
    return round(overlap_of_slices(pairs, classes.count).mean_dice(), 5)


def _dice_model(cube: Cube, truth: NDArray[np.uint8], classes: ClassMap) -> float | None:
    serving = serving_version(cube.study)
    volume = None if serving is None else prediction(serving.pk, cube.pk)
    if volume is None:
        return None
    pairs = ((_argmax(volume[:, z]), truth[z]) for z in range(len(truth)))
    return round(overlap_of_slices(pairs, classes.count).mean_dice(), 5)


def _argmax(shares: NDArray[np.uint8]) -> NDArray[np.uint8]:
    wide = shares.astype(np.int32)
    rest = 255 - wide.sum(axis=0, keepdims=True)
    chosen: NDArray[np.uint8] = np.concatenate([rest, wide]).argmax(axis=0).astype(np.uint8)
    return chosen


def interpolated(known: Mapping[int, KnownSlice], truth: NDArray[np.uint8], classes: int) -> float:
    """Dice of what interpolating the known slices gives, with no model at all."""
    shape = (truth.shape[0], truth.shape[1], truth.shape[2])
    planes = interpolate_slices(known, shape, classes)
    pairs = ((np.asarray(plane, np.uint8), truth[z]) for z, plane in enumerate(planes))
    return round(overlap_of_slices(pairs, classes).mean_dice(), 5)


def _chosen_from(closed: Round, cube: Cube) -> Proposal | None:
    task = closed.tasks.filter(cube=cube, proposal__isnull=False).first()
    return None if task is None else task.proposal


def _score_against_error(
    closed: Round | None, proposal: Proposal, truth: NDArray[np.uint8], classes: ClassMap
) -> dict[str, float]:
    """Rank correlation of every score with the proposal's true error, over unseen places."""
    record = {} if closed is None else closed.selection.get("candidates", {})
    labels = labels_reader(proposal).array()
    wrong: dict[int, NDArray[np.bool_]] = {}
    errors, rows = [], []
    for row, (place, stratum) in enumerate(
        zip(record.get("places", ()), record.get("stratum", ()), strict=True)
    ):
        if place[0] != proposal.cube_id or stratum < 0:
            continue
        _, z, y0, x0, height, width = place
        if z not in wrong:
            wrong = {z: classes.to_classes(np.asarray(labels[z])) != truth[z]}
        errors.append(int(wrong[z][y0 : y0 + height, x0 : x0 + width].sum()))
        rows.append(row)
    ranks = {}
    scores = {**record.get("scores", {}), "doubt": record.get("doubt", [])}
    for name, column in scores.items():
        rank = _rank([column[row] for row in rows], errors)
        if rank is not None:
            ranks[name] = rank
    return ranks


def _rank(values: list[float | None], errors: list[int]) -> float | None:
    """Spearman's rank correlation; None where either says nothing."""
    pairs = [(v, e) for v, e in zip(values, errors, strict=True) if v is not None]
    if len({v for v, _ in pairs}) < 2 or len({e for _, e in pairs}) < 2 or len(pairs) < 3:
        return None
    found = float(spearmanr(*zip(*pairs, strict=True)).statistic)
    return round(found, 4) if math.isfinite(found) else None


def _own_rank(strategy: str, ranks: Mapping[str, float]) -> float | None:
    """Of the score that the strategy chooses by; else of the best there is without the truth."""
    own = getattr(STRATEGIES.get(strategy), "score", None)
    for name in (str(own), "expected_error", "discriminator"):
        if name in ranks:
            return ranks[name]
    return None


def _audit(
    closed: Round,
    cube: Cube,
    truth: NDArray[np.uint8],
    classes: ClassMap,
) -> Audit | None:
    found = Certificate.objects.filter(round=closed, cube=cube).order_by("-pk").first()
    if found is None:
        return None
    # The mask that was certified: what people had agreed on by then, but for the blind audit.
    certified = FinalMask(cube, found.proposal, with_blind=False)
    pairs = ((classes.to_classes(certified.slice(z)), truth[z]) for z in range(len(truth)))
    true = overlap_of_slices(pairs, classes.count).mean_dice()
    return {"dice": found.dice, "low": found.low, "high": found.high, "true": round(true, 5)}


def shown_at(rounds: list[RoundFigures]) -> dict[str, float | None]:
    """The first share shown at which the final mask reached each of TARGETS."""
    return {
        f"{target:.2f}": next((r.shown_fraction for r in rounds if r.dice_final >= target), None)
        for target in TARGETS
    }
