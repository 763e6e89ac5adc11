"""A whole simulation: which cells it has, and what comes of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from models.selection.registry import STRATEGIES
from workers.simulation import beside
from workers.simulation.cell import PRESETS, Cell
from workers.simulation.play import preset_of
from workers.simulation.pool import Result, Tell, play_all
from workers.simulation.result import interpolation_rounds, strategy_result
from workers.simulation.truth import InputError, file_hash, read_truths

VOLUNTEERS = ("perfect", "cast")


@dataclass(frozen=True)
class Simulation:
    """What ``manage.py simulate`` was asked for. Raises InputError for what cannot be.

    images, labels: of the cubes of one study, in the same order.
    name: of the volumes in the JSON; by default taken from the paths.
    """

    images: tuple[Path, ...]
    labels: tuple[Path, ...]
    strategies: tuple[str, ...] = ("expected_error",)
    volunteers: str = "perfect"
    seeds: tuple[int, ...] = (0,)
    preset: str = "quick"
    rounds: int | None = None
    budget: float | None = None
    classes: str = "auto"
    settings: Mapping[str, Any] = field(default_factory=dict)
    name: str = ""

    def __post_init__(self) -> None:
        known = [name for name in STRATEGIES if name != "spread"]
        for name in self.strategies:
            if name not in (*known, beside.INTERPOLATION):
                raise InputError(
                    f"There is no strategy “{name}”; choose from "
                    f"{', '.join([*sorted(known), beside.INTERPOLATION])}."
                )
        if self.volunteers not in VOLUNTEERS:
            raise InputError(
                f"There are no volunteers “{self.volunteers}”; choose perfect or cast."
            )
        if self.preset not in PRESETS:
            raise InputError(
                f"There is no preset “{self.preset}”; choose from {', '.join(PRESETS)}."
            )
        if self.budget is not None and not 0 < self.budget <= 1:
            raise InputError("The budget is a share of the slices, above 0 and at most 1.")
        if self.rounds is not None and self.rounds < 1:
            raise InputError("A simulation has at least 1 round.")
        if not self.strategies or not self.seeds:
            raise InputError("Name at least one strategy and one seed.")

    def cells(self) -> list[Cell]:
        """Interpolation first, then every strategy with every seed; with a cast, those who draw
        every slice too."""
        read_truths(self.images, self.labels, self.classes)  # type: ignore[arg-type]
        image_hashes = tuple(map(file_hash, self.images))
        labels_hashes = tuple(map(file_hash, self.labels))
        plan = PRESETS[self.preset]

        def cell(strategy: str, volunteers: str, seed: int) -> Cell:
            made = Cell(
                images=tuple(path.resolve() for path in self.images),
                labels=tuple(path.resolve() for path in self.labels),
                image_hashes=image_hashes,
                labels_hashes=labels_hashes,
                classes=self.classes,
                strategy=strategy,
                volunteers=volunteers,
                seed=seed,
                preset=self.preset,
                rounds=self.rounds if self.rounds is not None else plan.rounds,
                budget=self.budget if self.budget is not None else plan.budget,
                settings=self.settings,
            )
            try:
                preset_of(made)
            except ValueError as error:
                raise InputError(str(error)) from error
            return made

        cells = [cell(beside.INTERPOLATION, "perfect", 0)]
        if self.volunteers == "cast":
            cells += [cell(beside.EVERY_SLICE, "cast", seed) for seed in self.seeds]
        # Seed by seed, so that those that are played at a time do not begin alike (opening.py).
        for name in self.strategies:
            if name != beside.INTERPOLATION:
                cells += [cell(name, self.volunteers, seed) for seed in self.seeds]
        return cells

    def run(self, *, jobs: int, tell: Tell = lambda cell, news: None) -> Result:
        """Play what is not cached, and put everything together. Raises InputError, CellError."""
        cells = self.cells()
        return self.put_together(cells, play_all(cells, jobs=jobs, tell=tell))

    def put_together(self, cells: Sequence[Cell], results: Sequence[Result]) -> Result:
        """The JSON of a simulation (see the effort benchmark in docs/benchmarks.md)."""
        found = {(c.strategy, c.seed): r for c, r in zip(cells, results, strict=True)}
        alone = found[(beside.INTERPOLATION, 0)]
        strategies: dict[str, Any] = {}
        for name in self.strategies:
            if name == beside.INTERPOLATION:
                strategies[name] = interpolation_rounds(alone, "bisection")
                strategies[f"{name}_uniform"] = interpolation_rounds(alone, "uniform")
            else:
                runs = {seed: found[(name, seed)] for seed in self.seeds}
                strategies[name] = strategy_result(runs, alone)
        result: Result = {
            "image": self.name or ", ".join(map(_name, self.images)),
            "slices": alone["slices"],
            "shape": alone["shape"],
            "classes": alone["words"],
            "preset": self.preset,
            "volunteers": self.volunteers,
            "seeds": list(self.seeds),
            "settings": dict(self.settings),
            "strategies": strategies,
            "interpolation": {"curves": alone["curves"], "at_dice": alone["at_dice"]},
        }
        if len(self.images) > 1:
            result["cubes"] = len(self.images)
        if self.volunteers == "cast":
            result["people_a_task"] = preset_of(cells[0]).redundancy
            every = [found[(beside.EVERY_SLICE, seed)] for seed in self.seeds]
            result[beside.EVERY_SLICE] = {
                "people": every[0]["people"],
                "dice": sum(e["dice"] for e in every) / len(every),
                "seconds": sum(e["seconds"] for e in every) / len(every),
                "cast": every[0]["cast"],
                "seeds": {str(s): e for s, e in zip(self.seeds, every, strict=True)},
            }
        return result


def _name(image: Path) -> str:
    return image.resolve().parent.name if image.stem in ("image", "raw") else image.stem
