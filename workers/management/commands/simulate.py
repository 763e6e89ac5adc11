"""``manage.py simulate``: what a study would cost and reach, played through against labels."""

import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console

from workers.simulation.cell import PRESETS
from workers.simulation.pool import CellError
from workers.simulation.progress import Bars
from workers.simulation.run import VOLUNTEERS, Simulation
from workers.simulation.table import cast_table, rounds_table, shares_table
from workers.simulation.truth import InputError


class Command(BaseCommand):
    help = (
        "Plays studies of labelled stacks through with simulated volunteers, on the loop's own "
        "code. Only the volunteers see the labels."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "image",
            type=_paths,
            help="a stack; or several with commas between, which are cubes of one study",
        )
        parser.add_argument(
            "labels",
            type=_paths,
            help="its true labels, which play the volunteers; of several stacks in their order",
        )
        parser.add_argument(
            "--strategy",
            default="expected_error",
            help="one or several, with commas between; “interpolation” is the one without a model",
        )
        parser.add_argument("--volunteers", default="perfect", choices=VOLUNTEERS)
        parser.add_argument("--rounds", type=int, help="rounds at most after the first")
        parser.add_argument("--budget", type=float, help="share of the cube shown at most")
        parser.add_argument("--seed", default="0", help="one or several, with commas between")
        parser.add_argument("--preset", default="quick", choices=sorted(PRESETS))
        parser.add_argument(
            "--classes",
            default="auto",
            choices=("auto", "one", "several"),
            help="labels above 0 are one class, or each value is its own; auto: several where "
            "there are few values and each forms one body",
        )
        parser.add_argument(
            "--set", default="{}", metavar="JSON", help="settings of the study, by section"
        )
        parser.add_argument("--jobs", type=int, default=2, help="cells at a time, a thread each")
        parser.add_argument("--json", type=Path, help="write the result to this file")
        parser.add_argument("--html", type=Path, help="write a report with plots to this file")

    def handle(self, *args: Any, **options: Any) -> None:
        # A log has no width of its own, and the tables need some.
        console = Console(width=None if sys.stdout.isatty() else 140)
        try:
            simulation = _asked(options)
            cells = simulation.cells()
            with Bars(console, cells) as bars:
                result = simulation.run(jobs=options["jobs"], tell=bars.tell)
        except (InputError, CellError) as error:
            raise CommandError(str(error)) from None
        console.print(f"{result['slices']} slices, {result['classes']}.")
        console.print(rounds_table(result))
        console.print(shares_table(result))
        if simulation.volunteers == "cast":
            console.print(cast_table(result))
            every = result["every_slice"]
            console.print(
                f"{every['people']} people who draw every slice from nothing agree on Dice "
                f"{every['dice']:.4f}, in {every['seconds'] / 60:.0f} minutes."
            )
        for strategy in result["strategies"].values():
            for note in strategy.get("notes", ()):
                console.print(note)
        if options["json"]:
            text = json.dumps(result, indent=1, allow_nan=False, default=dict)
            options["json"].write_text(text + "\n")
            console.print(f"The figures are in {options['json']}")
        if options["html"]:
            from workers.simulation.report.page import write_page

            write_page(result, options["html"])
            console.print(f"The report is {options['html']}")


def _paths(text: str) -> tuple[Path, ...]:
    """Paths with commas between; a file whose own name has commas is one."""
    if Path(text).exists():
        return (Path(text),)
    return tuple(Path(part.strip()) for part in text.split(",") if part.strip())


def _asked(options: dict[str, Any]) -> Simulation:
    try:
        settings = json.loads(options["set"])
    except ValueError as error:
        raise InputError(f"--set is no JSON: {error}.") from None
    if not isinstance(settings, dict):
        raise InputError("--set must be a JSON object of sections.")
    try:
        seeds = tuple(int(seed) for seed in str(options["seed"]).split(",") if seed.strip())
    except ValueError:
        raise InputError("--seed takes whole numbers, with commas between.") from None
    return Simulation(
        images=options["image"],
        labels=options["labels"],
        strategies=tuple(s.strip() for s in options["strategy"].split(",") if s.strip()),
        volunteers=options["volunteers"],
        seeds=seeds,
        preset=options["preset"],
        rounds=options["rounds"],
        budget=options["budget"],
        classes=options["classes"],
        settings=settings,
    )
