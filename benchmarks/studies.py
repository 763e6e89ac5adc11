"""Simulated studies of the volumes that report, on cells that are kept (manage.py simulate)."""

import os
from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.data import Volume
from workers.simulation.cell import Cell
from workers.simulation.run import Simulation

Result = Mapping[str, Any]


def simulate(
    volume: Volume,
    strategies: Sequence[str],
    seeds: Sequence[int],
    *,
    volunteers: str = "perfect",
    budget: float | None = None,
) -> Result:
    """What ``manage.py simulate`` gives for a volume; a line is printed for each cell played."""
    simulation = Simulation(
        image=volume.image,
        labels=volume.labels,
        strategies=tuple(strategies),
        volunteers=volunteers,
        seeds=tuple(seeds),
        budget=budget or volume.budget,
        classes=volume.classes,
        settings=volume.settings,
    )

    def tell(cell: Cell, news: dict[str, Any]) -> None:
        if news.get("state") == "ended":
            print(f"  {volume.name}, {cell.words}: {news['seconds']} s", flush=True)

    return simulation.run(jobs=int(os.environ.get("LAMELLA_BENCH_JOBS", "2")), tell=tell)


def shown(result: Result, strategy: str, target: str) -> list[float | None]:
    """The share shown at a Dice, seed by seed; None where it was not reached."""
    seeds = result["strategies"][strategy]["seeds"]
    return [run["shown_at_dice"][target] for run in seeds.values()]


def best_interpolation(result: Result, target: str) -> float | None:
    """The smaller share of evenly spaced slices and slices placed by bisection."""
    found = [at[target] for at in result["interpolation"]["at_dice"].values()]
    return min((share for share in found if share is not None), default=None)


def mean_rank(result: Result, strategy: str, score: str | None = None) -> float | None:
    """Mean rank correlation of a score with the error, over rounds and seeds; the strategy's own
    score without a name."""
    ranks = [
        row["score_error_spearman"] if score is None else row["spearman"].get(score)
        for run in result["strategies"][strategy]["seeds"].values()
        for row in run["rounds"]
    ]
    return mean([rank for rank in ranks if rank is not None])


def mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
