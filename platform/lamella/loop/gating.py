"""The promotion gate: a candidate against the serving version, on masks that neither learned."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lamella.consensus.known import Source, read_source
from lamella.consensus.models import Consensus
from lamella.cubes.models import Cube
from lamella.cubes.volumes import labels_reader_of
from lamella.learning.models import ModelVersion
from lamella.learning.proposals import known_to, prediction, prediction_with
from lamella.rounds.gold import gold_slices, gold_volumes
from lamella.rounds.models import Round, Task
from lamella.studies.classes import ClassMap, class_map
from lamella.studies.models import Study
from lamella.volumes.geometry import Region
from models.labels import most_likely
from models.quality.gate import gate
from models.quality.metrics import dice

# Below this many items the gate's interval is so wide that it would refuse nearly every candidate,
# and studies would go on with a model that learned from a fraction of what is known.
MINIMUM = 8
# With fewer items than that, a candidate is refused where they agree that it is worse by this much,
CLEARLY_WORSE = 0.02
# or where it collapsed on what little there is.
COLLAPSED = 0.1
AGREEING = 3


def fresh_audits(study: Study) -> list[Source]:
    """Audit masks of the last closed round: no training run has seen them yet.

    Blind ones are left out: what judged a model cannot certify it.
    """
    last = study.rounds.filter(state=Round.State.CLOSED).order_by("-number").first()
    if last is None:
        return []
    rows = Consensus.objects.filter(
        current=True,
        task__round=last,
        task__kind=Task.Kind.AUDIT,
        task__blind=False,
        task__state__in=[Task.State.RETIRED, Task.State.ACCEPTED],
    ).select_related("task")
    return [
        Source(
            row.task.cube_id,
            row.task.z,
            row.task.y0,
            row.task.x0,
            row.task.height,
            row.task.width,
            "consensus",
            row.pk,
            row.mask_hash[:16],
        )
        for row in rows
    ]


def judged_places(cube: Cube) -> list[Region]:
    """Where in a cube a candidate may be compared with the serving version."""
    fresh = [source.region for source in fresh_audits(cube.study) if source.cube == cube.pk]
    gold = set().union(*(gold_slices(labels) for labels in gold_volumes(cube)))
    return fresh + [Region(z, 0, 0, cube.shape[1], cube.shape[2]) for z in sorted(gold)]


def learned_by(version: ModelVersion) -> set[tuple[int, int]]:
    """(cube, slice) of what a version was trained on; what its parents knew is among it."""
    run = version.training_run
    sources = [] if run is None else run.snapshot.get("sources", [])
    return {(source["cube"], source["z"]) for source in sources}


def judge(candidate: ModelVersion, serving: ModelVersion | None) -> dict[str, Any]:
    """{"promote", "reason", and the numbers}: to be stored with the candidate."""
    if serving is None:
        return {"promote": True, "reason": "the first version, with nothing to compare it to"}
    classes = class_map(candidate.study)
    pairs = list(_pairs(candidate, serving, classes))
    verdict = gate([p[0] for p in pairs], [p[1] for p in pairs], minimum=MINIMUM)
    numbers = {
        "items": verdict.items,
        "difference": _number(verdict.difference),
        "low": _number(verdict.low),
        "high": _number(verdict.high),
        "against": serving.number,
    }
    if verdict.items >= MINIMUM:
        return {"promote": verdict.promote, "reason": verdict.reason, **numbers}
    # So little to compare on proves nothing; the candidate has learned from more slices.
    agreed = verdict.items >= AGREEING and verdict.high < 0
    worse = verdict.items > 0 and verdict.difference < -(CLEARLY_WORSE if agreed else COLLAPSED)
    masks = "1 fresh mask" if verdict.items == 1 else f"{verdict.items} fresh masks"
    reason = (
        f"clearly worse, though there is little to compare on: {masks}"
        if worse
        else f"it learned from more slices, and there is too little to compare on: {masks}"
    )
    return {"promote": not worse, "reason": reason, **numbers}


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _pairs(
    candidate: ModelVersion, serving: ModelVersion, classes: ClassMap
) -> Iterator[tuple[float, float]]:
    """Dice of candidate and serving on each item: fresh audits, and gold slices.

    Both are asked with what is known now: the candidate would else profit from newer neighbours.
    A gold slice that volunteers were also given as a task says nothing once a version learned it.
    """
    learned = learned_by(candidate) | learned_by(serving)
    for _, cube, region, truth in items_of(candidate.study, classes):
        if (cube.pk, region.z) in learned:
            continue
        theirs = prediction(candidate.pk, cube.pk)
        known = None if theirs is None else known_to(theirs)
        masks = [
            model_mask(version, cube, region, classes, known) for version in (candidate, serving)
        ]
        if masks[0] is not None and masks[1] is not None:
            yield dice(masks[0], truth, classes.count), dice(masks[1], truth, classes.count)


def items_of(
    study: Study, classes: ClassMap
) -> Iterator[tuple[str, Cube, Region, NDArray[np.uint8]]]:
    """(kind, cube, place, truth) of what models are judged on: "audit" and "gold"."""
    cubes = {cube.pk: cube for cube in study.cubes.all()}
    for source in fresh_audits(study):
        yield "audit", cubes[source.cube], source.region, classes.to_classes(read_source(source))
    for cube in cubes.values():
        for labels in gold_volumes(cube):
            reader = labels_reader_of(labels)
            for z in gold_slices(labels):
                region = Region(z, 0, 0, cube.shape[1], cube.shape[2])
                yield "gold", cube, region, classes.to_classes(reader.region(region))


def model_mask(
    version: ModelVersion, cube: Cube, region: Region, classes: ClassMap, known: str | None
) -> NDArray[np.uint8] | None:
    """(height, width) classes that a version predicts, before any blending.

    known: hash of what it was to know; where it was not asked then, what it said last counts.
    """
    if version.kind == ModelVersion.Kind.EXTERNAL:
        if version.labels is None or version.labels.cube_id != cube.pk:
            return None
        return classes.to_classes(labels_reader_of(version.labels).region(region))
    volume = prediction_with(version.pk, cube.pk, known, region.z) if known is not None else None
    volume = volume or prediction(version.pk, cube.pk)
    if volume is None:
        return None
    return most_likely(volume[:, region.z, region.rows, region.columns])
