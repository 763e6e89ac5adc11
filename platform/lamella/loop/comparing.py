"""Model versions held against each other on the same masks: experts' gold, and fresh audits.

A version is asked what it said of a slice, before any blending, and only where none of those
compared has learned it. The gate judges two versions when one appears; this tells of all.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.utils import timezone

from lamella.jobs.services import enqueue
from lamella.learning.models import ModelVersion
from lamella.loop.gating import items_of, learned_by, model_mask
from lamella.loop.kept import figures_of
from lamella.loop.models import Figures
from lamella.studies.classes import class_map
from lamella.studies.models import Study
from models.quality.metrics import dice

COMPARED = "compared"
"""What the figures are kept as."""
VERSIONS = 6
"""Newest versions that are compared, and the serving one."""


@dataclass(frozen=True)
class Line:
    """Mean Dice of a version, None where nothing was left to compare on; low and high: 95 %."""

    number: int
    state: str
    gold: dict[str, Any]
    audit: dict[str, Any]


@dataclass(frozen=True)
class Comparison:
    counted: Any
    lines: list[Line]


def ask_for_comparison(study: Study) -> None:
    enqueue(
        "compare",
        params={"study_id": study.pk},
        title="Compare model versions",
        scope=study.slug,
        key=f"compare:{study.pk}",
        again=True,
    )


def comparison_of(study: Study) -> Comparison | None:
    """What the last comparison said; None before the first. Two queries."""
    kept = figures_of(study, COMPARED).get(COMPARED)
    return (
        None
        if kept is None
        else comparison_from(kept, study.model_versions.only("number", "state"))
    )


def comparison_from(kept: Figures, versions: Iterable[ModelVersion]) -> Comparison:
    """The same, of what was read already."""
    states = {v.number: v.get_state_display() for v in versions}
    return Comparison(
        kept.counted,
        [
            Line(row["number"], states[row["number"]], row["gold"], row["audit"])
            for row in kept.value["versions"]
            if row["number"] in states
        ],
    )


def compare(study: Study) -> dict[str, Any]:
    """Compare, and keep what came of it."""
    versions = _versions(study)
    learned = set().union(*(learned_by(version) for version in versions))
    classes = class_map(study)
    found: dict[tuple[int, str], list[float]] = defaultdict(list)
    for kind, cube, region, truth in items_of(study, classes):
        if (cube.pk, region.z) in learned:
            continue
        masks = {v.pk: model_mask(v, cube, region, classes, None) for v in versions}
        # All or none: a version would else be judged on other masks than its rivals.
        if any(mask is None for mask in masks.values()):
            continue
        for version, mask in masks.items():
            assert mask is not None
            found[version, kind].append(dice(mask, truth, classes.count))
    value = {
        "versions": [
            {
                "number": version.number,
                "gold": _summary(found[version.pk, "gold"]),
                "audit": _summary(found[version.pk, "audit"]),
            }
            for version in versions
        ]
    }
    Figures.objects.update_or_create(
        key=f"{COMPARED}:{study.pk}",
        defaults={"study": study, "value": value, "counted": timezone.now(), "seconds": 0.0},
    )
    return value


def _versions(study: Study) -> list[ModelVersion]:
    able = study.model_versions.exclude(state=ModelVersion.State.ORIGIN)
    able = able.filter(kind=ModelVersion.Kind.TRAINED).select_related("training_run", "labels")
    newest = list(able.order_by("-number")[:VERSIONS])
    serving = able.filter(state=ModelVersion.State.SERVING).first()
    return newest if serving is None or serving in newest else [*newest, serving]


def _summary(values: list[float]) -> dict[str, Any]:
    known = np.array([value for value in values if np.isfinite(value)])
    if not len(known):
        return {"dice": None, "low": None, "high": None, "masks": 0}
    error = 1.96 * known.std(ddof=1) / len(known) ** 0.5 if len(known) > 1 else None
    mean = float(known.mean())
    return {
        "dice": mean,
        "low": None if error is None else max(0.0, mean - float(error)),
        "high": None if error is None else min(1.0, mean + float(error)),
        "masks": len(known),
    }
