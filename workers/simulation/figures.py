"""What a round was worth, measured against labels that only the simulation has."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr

from lamella.annotation.models import Correction
from lamella.consensus.final import FinalMask
from lamella.consensus.joined import joined
from lamella.consensus.known import known_slices
from lamella.cubes.models import Cube
from lamella.learning.models import Proposal
from lamella.learning.proposals import labels_reader, prediction
from lamella.learning.selectors import serving_version
from lamella.loop.candidate_table import table_of
from lamella.rounds.models import Certificate, Round
from lamella.studies.classes import ClassMap, class_map
from models.labels import most_likely
from models.propagation.interpolate import interpolate_slices
from models.propagation.known import KnownSlice
from models.quality.metrics import overlap_of_slices
from models.selection.registry import STRATEGIES

TARGETS = (0.90, 0.94, 0.95)
Audit = dict[str, float | None]


@dataclass(frozen=True)
class RoundFigures:
    """One row of the table. All Dice are means over classes, of whole cubes; of several cubes the
    mean over cubes.

    shown_fraction: of the voxels, everything that people saw, seed and audit included;
    seconds: of all volunteers; dice_final: the mask a study would export; dice_proposal: the model
    alone; dice_interpolation: interpolating what was shown; score_error_spearman: rank correlation
    of the score that chose with the true error, over the places it could choose from, and spearman
    that of every score; audit: the certificate's Dice with its interval, and the true value, of
    several cubes the mean over those that have a certificate, and None where no round's audit gave
    one; dice_cubes: dice_final of each cube where there are several.
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
    dice_cubes: tuple[float, ...] = ()

    def to_json(self) -> dict[str, Any]:
        row = asdict(self)
        of_cubes = list(row.pop("dice_cubes"))
        return {**row, "dice_cubes": of_cubes} if of_cubes else row


@dataclass(frozen=True)
class _Measured:
    """A cube after a round. truth: (Z, H, W) classes 0..K."""

    cube: Cube
    truth: NDArray[np.uint8]
    classes: ClassMap
    final: FinalMask

    @property
    def known(self) -> Mapping[int, KnownSlice]:
        sources = [source for here in self.final.sources.values() for source in here]
        return known_slices(sources, (self.cube.shape[1], self.cube.shape[2]), self.classes)

    def dice(self, planes: Iterable[NDArray[Any]]) -> float:
        """Mean over classes, of the whole cube. planes: classes 0..K, slice by slice."""
        pairs = zip(planes, self.truth, strict=True)
        return overlap_of_slices(pairs, self.classes.count).mean_dice()


def measure(cube: Cube, truth: NDArray[np.uint8], closed: Round | None) -> RoundFigures:
    """Figures of a study of one cube: see `measure_all`. truth: (Z, H, W) classes 0..K."""
    return measure_all([(cube, truth)], closed)


def measure_all(
    cubes: Sequence[tuple[Cube, NDArray[np.uint8]]], closed: Round | None
) -> RoundFigures:
    """Figures of a study's cubes after a round; of the seed slices alone where ``closed`` is None.

    cubes: each with its truth, (Z, H, W) classes 0..K.
    """
    study = cubes[0][0].study
    classes = class_map(study)
    parts = [_Measured(cube, truth, classes, FinalMask(cube)) for cube, truth in cubes]
    corrections = Correction.objects.filter(task__study=study, assignment__practice=False)
    seconds = sum(corrections.values_list("active_seconds", flat=True))
    ranks = {} if closed is None else _score_against_error(closed, parts)
    finals = [_dice_final(part) for part in parts]
    return RoundFigures(
        number=closed.number if closed else 0,
        shown_fraction=round(_shown(parts), 4),
        classifications=corrections.count(),
        seconds=round(seconds, 1),
        dice_final=_mean(finals),
        dice_proposal=_of_all(parts, _dice_model),
        dice_interpolation=_mean(
            [interpolated(part.known, part.truth, classes.count) for part in parts]
        ),
        score_error_spearman=None if closed is None else _own_rank(closed.strategy, ranks),
        audit=None if closed is None else _audits(closed, parts),
        spearman=ranks,
        dice_cubes=tuple(finals) if len(finals) > 1 else (),
    )


def _mean(values: Sequence[float]) -> float:
    return round(sum(values) / len(values), 5)


def _of_all(
    parts: Sequence[_Measured], figure: Callable[[_Measured], float | None]
) -> float | None:
    """Mean over cubes; None where one has no figure."""
    found = [figure(part) for part in parts]
    values = [value for value in found if value is not None]
    return _mean(values) if len(values) == len(found) else None


def _shown(parts: Sequence[_Measured]) -> float:
    """Share of all voxels that people saw; what several tasks showed counts once."""
    seen = 0
    for part in parts:
        for places in part.final.sources.values():
            plane = np.zeros(part.final.shape[1:], dtype=bool)
            for source in places:
                plane[source.region.rows, source.region.columns] = True
            seen += int(plane.sum())
    return seen / sum(part.truth.size for part in parts)


def _dice_final(part: _Measured) -> float:
    planes = (part.classes.to_classes(item.labels) for _, item in joined(part.final))
    return round(part.dice(planes), 5)


def _dice_model(part: _Measured) -> float | None:
    serving = serving_version(part.cube.study)
    volume = None if serving is None else prediction(serving.pk, part.cube.pk)
    if volume is None:
        return None
    return round(part.dice(most_likely(volume[:, z]) for z in range(len(part.truth))), 5)


def interpolated(known: Mapping[int, KnownSlice], truth: NDArray[np.uint8], classes: int) -> float:
    """Dice of what interpolating the known slices gives, with no model at all."""
    shape = (truth.shape[0], truth.shape[1], truth.shape[2])
    planes = interpolate_slices(known, shape, classes)
    pairs = ((np.asarray(plane, np.uint8), truth[z]) for z, plane in enumerate(planes))
    return round(overlap_of_slices(pairs, classes).mean_dice(), 5)


def _chosen_from(closed: Round, cube: Cube) -> Proposal | None:
    """The proposal of a cube that a round was chosen from, also where the cube got no task."""
    proposed = closed.tasks.filter(proposal__isnull=False).select_related("proposal")
    task = proposed.filter(cube=cube).first()
    if task is not None:
        return task.proposal
    task = proposed.first()
    if task is None or task.proposal is None:
        return None
    version = task.proposal.model_version_id
    before = Proposal.objects.filter(
        cube=cube, model_version=version, state=Proposal.State.READY, created__lte=closed.opened
    )
    return before.order_by("-pk").first()


def _score_against_error(closed: Round, parts: Sequence[_Measured]) -> dict[str, float]:
    """Rank correlation of every score with the proposals' true error, over all unseen places."""
    table = table_of(closed)
    errors: list[int] = []
    rows: list[int] = []
    for part in parts:
        proposal = _chosen_from(closed, part.cube)
        if proposal is None or table is None:
            continue
        labels = labels_reader(proposal).array()
        wrong: dict[int, NDArray[np.bool_]] = {}
        for row in table.auditable(part.cube.pk).tolist():
            _, z, y0, x0, height, width = table.place[row].tolist()
            if z not in wrong:
                wrong[z] = part.classes.to_classes(np.asarray(labels[z])) != part.truth[z]
            errors.append(int(wrong[z][y0 : y0 + height, x0 : x0 + width].sum()))
            rows.append(row)
    if table is None:
        return {}
    ranks = {}
    columns: dict[str, NDArray[Any]] = {**table.scores, "doubt": table.doubt}
    for name, column in columns.items():
        rank = _rank(column[rows].tolist(), errors)
        if rank is not None:
            ranks[name] = rank
    return ranks


def _rank(values: Sequence[float], errors: Sequence[int]) -> float | None:
    """Spearman's rank correlation; None where either says nothing."""
    pairs = [(v, e) for v, e in zip(values, errors, strict=True) if math.isfinite(v)]
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


def _audits(closed: Round, parts: Sequence[_Measured]) -> Audit | None:
    """The certificate of the only cube, or the mean over the cubes whose certificate is whole."""
    found = [audit for part in parts if (audit := _audit(closed, part)) is not None]
    if len(parts) == 1 or not found:
        return found[0] if found else None
    whole = [a for a in found if None not in a.values()]
    names = tuple(found[0])
    if not whole:
        return dict.fromkeys(names)
    return {name: _mean([v for a in whole if (v := a[name]) is not None]) for name in names}


def _audit(closed: Round, part: _Measured) -> Audit | None:
    found = Certificate.objects.filter(round=closed, cube=part.cube).order_by("-pk").first()
    if found is None:
        return None
    # The mask that was certified: what people had agreed on by then, but for the blind audit.
    certified = FinalMask(part.cube, found.proposal, with_blind=False)
    planes = (part.classes.to_classes(certified.slice(z)) for z in range(len(part.truth)))
    true = part.dice(planes)
    return {"dice": found.dice, "low": found.low, "high": found.high, "true": round(true, 5)}


def shown_at(rounds: list[RoundFigures]) -> dict[str, float | None]:
    """The first share shown at which the final mask reached each of TARGETS."""
    return {
        f"{target:.2f}": next((r.shown_fraction for r in rounds if r.dice_final >= target), None)
        for target in TARGETS
    }
