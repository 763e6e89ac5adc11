"""Cells put together: the JSON of a simulation, several seeds to one curve."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from workers.simulation.figures import TARGETS

KEYS = tuple(f"{target:.2f}" for target in TARGETS)
_MEANS = (
    "shown_fraction",
    "classifications",
    "seconds",
    "dice_final",
    "dice_proposal",
    "dice_interpolation",
    "score_error_spearman",
)


def strategy_result(
    seeds: Mapping[int, Mapping[str, Any]], interpolation: Mapping[str, Any]
) -> dict[str, Any]:
    """One strategy: means over its seeds, round by round, and each seed apart.

    A Dice that not every seed reached has no mean: null.
    """
    runs = list(seeds.values())
    length = min(len(run["rounds"]) for run in runs)
    curves = interpolation["curves"]
    rounds = []
    for number in range(length):
        row = _mean_round([run["rounds"][number] for run in runs])
        row["dice_interpolation_bisection"] = at_share(curves["bisection"], row["shown_fraction"])
        row["dice_interpolation_uniform"] = at_share(curves["uniform"], row["shown_fraction"])
        rounds.append(row)
    shown = {key: _mean_all([run["shown_at_dice"][key] for run in runs]) for key in KEYS}
    return {
        "rounds": rounds,
        "shown_at_dice": shown,
        "interpolation_at_dice": interpolation["at_dice"]["bisection"],
        "interpolation_uniform_at_dice": interpolation["at_dice"]["uniform"],
        "seconds_from_nothing": runs[0]["seconds_from_nothing"],
        "effort_saved": _saved(rounds, runs[0]["seconds_from_nothing"]),
        "cast": _mean_figures([run["cast"] for run in runs]),
        "notes": sorted({note for run in runs for note in run["notes"]}),
        "wall_seconds": _mean_all([run["wall_seconds"] for run in runs]),
        "seeds": {str(seed): dict(run) for seed, run in seeds.items()},
    }


def interpolation_rounds(interpolation: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Interpolation in the form of a strategy, so that it can be drawn beside the others."""
    rounds = [
        {
            **point,
            "classifications": round(point["shown_fraction"] * interpolation["slices"]),
            "seconds": None,
            "dice_proposal": None,
            "dice_interpolation": point["dice_final"],
            "score_error_spearman": None,
            "audit": None,
        }
        for point in interpolation["curves"][name]
    ]
    return {
        "rounds": rounds,
        "shown_at_dice": interpolation["at_dice"][name],
        "interpolation_at_dice": interpolation["at_dice"]["bisection"],
    }


def at_share(curve: Sequence[Mapping[str, float]], share: float) -> float | None:
    """Dice of a curve at a share shown, linear between its points; None where it has none."""
    if not curve:
        return None
    shown = [point["shown_fraction"] for point in curve]
    if share < shown[0] - 1e-9:
        return None
    return round(float(np.interp(share, shown, [point["dice_final"] for point in curve])), 5)


def area(curve: Sequence[Mapping[str, float]], low: float, high: float) -> float | None:
    """Mean Dice of a curve over the shares ``low`` to ``high``, held level beyond its ends.

    None where the curve does not enter that range.
    """
    points = [p for p in curve if p["shown_fraction"] <= high]
    if not points or curve[-1]["shown_fraction"] < low:
        return None
    grid = np.linspace(low, high, 501)
    values = np.interp(grid, [p["shown_fraction"] for p in curve], [p["dice_final"] for p in curve])
    return float(values.mean())


def _mean_round(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    row: dict[str, Any] = {"number": rows[0]["number"]}
    for name in _MEANS:
        row[name] = _mean_some([r[name] for r in rows])
    audits = [r["audit"] for r in rows if r["audit"] is not None]
    names = sorted({name for audit in audits for name in audit})
    row["audit"] = (
        {name: _mean_some([a.get(name) for a in audits]) for name in names} if audits else None
    )
    scores = sorted({name for r in rows for name in r["spearman"]})
    if "dice_cubes" in rows[0]:
        of_cubes = zip(*(r["dice_cubes"] for r in rows), strict=True)
        row["dice_cubes"] = [_mean_some(values) for values in of_cubes]
    row["spearman"] = {name: _mean_some([r["spearman"].get(name) for r in rows]) for name in scores}
    return row


def _mean_some(values: Sequence[float | None]) -> float | None:
    """Mean of those there are."""
    found = [v for v in values if v is not None]
    return round(float(np.mean(found)), 5) if found else None


def _mean_all(values: Sequence[float | None]) -> float | None:
    """Mean, None where one is missing."""
    return None if any(v is None for v in values) else _mean_some(values)


def _mean_figures(figures: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {name: _mean_some([f[name] for f in figures]) for name in figures[0]} if figures else {}


def _saved(rounds: Sequence[Mapping[str, Any]], nothing: float) -> float | None:
    """Share of human seconds saved against drawing every slice from nothing once."""
    if not rounds or not nothing:
        return None
    return round(1.0 - float(rounds[-1]["seconds"]) / nothing, 4)
