"""Simulated studies of the volumes that report, on cells that are kept (manage.py simulate)."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.data import Volume
from workers.simulation.cell import Cell
from workers.simulation.pool import play_all
from workers.simulation.run import Simulation

Result = Mapping[str, Any]


@dataclass(frozen=True)
class Plan:
    """What is simulated of a volume. ``until``: a study may end once it reached this Dice;
    ``rounds``: at most; ``pace``: changes of the preset (``simulation`` of the settings)."""

    volume: Volume
    strategies: tuple[str, ...]
    seeds: tuple[int, ...]
    volunteers: str = "perfect"
    budget: float | None = None
    until: str | None = None
    rounds: int | None = None
    pace: Mapping[str, Any] = field(default_factory=dict)

    @property
    def simulation(self) -> Simulation:
        settings = dict(self.volume.settings)
        ends = {} if self.until is None else {"until": float(self.until)}
        if self.pace or ends:
            settings["simulation"] = {**settings.get("simulation", {}), **self.pace, **ends}
        return Simulation(
            images=self.volume.images,
            labels=self.volume.all_labels,
            strategies=self.strategies,
            volunteers=self.volunteers,
            seeds=self.seeds,
            budget=self.budget or self.volume.budget,
            rounds=self.rounds,
            classes=self.volume.classes,
            settings=settings,
            name=self.volume.name,
        )


def play(plans: Sequence[Plan]) -> list[Result]:
    """What ``manage.py simulate`` gives for each plan; a line is printed for each cell played.

    The cells of all plans share the processes, so that none is idle where a plan's last cell runs.
    """
    simulations = [plan.simulation for plan in plans]
    cells = [simulation.cells() for simulation in simulations]
    names: dict[str, str] = {}
    for plan, own in zip(plans, cells, strict=True):
        for cell in own:
            names.setdefault(cell.key, plan.volume.name)
    unique = {cell.key: cell for own in cells for cell in own}

    def tell(cell: Cell, news: dict[str, Any]) -> None:
        if news.get("state") == "ended":
            took = "kept" if news["seconds"] is None else f"{news['seconds']} s"
            print(f"  {names[cell.key]}, {cell.words}: {took}", flush=True)

    jobs = int(os.environ.get("LAMELLA_BENCH_JOBS", "2"))
    played = play_all(list(unique.values()), jobs=jobs, tell=tell)
    found = dict(zip(unique, played, strict=True))
    return [
        simulation.put_together(own, [found[cell.key] for cell in own])
        for simulation, own in zip(simulations, cells, strict=True)
    ]


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
