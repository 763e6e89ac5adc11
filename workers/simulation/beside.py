"""What stands beside a simulated study: interpolation alone, and people who draw every slice."""

import time
from typing import Any

import numpy as np

from models.config import CrowdConfig
from models.crowd.aggregator import CrowdMask
from models.crowd.registry import DEFAULT_AGGREGATOR, aggregator
from models.crowd.skills import SkillSnapshot
from models.quality.metrics import overlap_of_slices
from models.simulate.cast import Realised, pinned_cast
from models.simulate.placed import Point, adapted, bisected, evenly, mean_curve, reached
from workers.simulation.cell import Cell
from workers.simulation.figures import TARGETS
from workers.simulation.play import preset_of
from workers.simulation.truth import read_truths

INTERPOLATION = "interpolation"
"""A cell without a model: perfect slices, and what lies between them interpolated."""
EVERY_SLICE = "every_slice"
"""A cell without a machine: several people of the cast draw every slice from nothing."""


def interpolation(cell: Cell) -> dict[str, Any]:
    """Curves of interpolating evenly spaced slices, slices placed by bisection, and where their
    neighbours differ most; of several cubes the mean, each with the same share of its slices known.
    """
    truths = read_truths(cell.images, cell.labels, cell.classes)  # type: ignore[arg-type]
    curves = {
        "bisection": mean_curve([bisected(t.labels, t.count) for t in truths]),
        "adaptive": mean_curve([adapted(t.labels, t.count) for t in truths]),
        "uniform": mean_curve([evenly(t.labels, t.count) for t in truths]),
    }
    shapes = [list(t.labels.shape) for t in truths]
    return {
        "slices": sum(len(t.labels) for t in truths),
        "shape": shapes[0] if len(shapes) == 1 else shapes,
        "classes": truths[0].count,
        "words": truths[0].words,
        "curves": {
            name: [{"shown_fraction": p.shown, "dice_final": p.dice} for p in points]
            for name, points in curves.items()
        },
        "at_dice": {name: _at(points) for name, points in curves.items()},
    }


def _at(points: list[Point]) -> dict[str, float | None]:
    return {f"{target:.2f}": reached(points, target) for target in TARGETS}


def every_slice(cell: Cell) -> dict[str, Any]:
    """Dice of the cast's consensus where everybody draws every slice, and their seconds.

    Each slice is drawn from nothing by ``Preset.everybody`` people.
    """
    began = time.monotonic()
    truths = read_truths(cell.images, cell.labels, cell.classes)  # type: ignore[arg-type]
    preset = preset_of(cell)
    cast, rng = pinned_cast(cell.seed), np.random.default_rng((cell.seed, 11))
    crowd = aggregator(
        str(cell.settings.get("aggregator", DEFAULT_AGGREGATOR)),
        CrowdConfig(redundancy=preset.everybody),
    )
    realised, seconds, dice = Realised(), 0.0, []
    for truth in truths:
        agreed = []
        for plane in truth.labels:
            nothing = np.zeros_like(plane)
            masks = []
            for index in rng.choice(len(cast), preset.everybody, replace=False):
                drawn = cast[int(index)].correct(plane, nothing)
                realised.add(cast[int(index)], plane, nothing, drawn, truth.count)
                masks.append(CrowdMask(cast[int(index)].name, drawn.mask, drawn.seconds))
                seconds += drawn.seconds
            agreed.append(crowd.aggregate(masks, nothing, SkillSnapshot()).mask)
        pairs = zip(agreed, truth.labels, strict=True)
        dice.append(overlap_of_slices(pairs, truth.count).mean_dice())
    return {
        "dice": round(sum(dice) / len(dice), 5),
        "seconds": round(seconds, 1),
        "people": preset.everybody,
        "cast": realised.figures(),
        "wall_seconds": round(time.monotonic() - began, 1),
    }
