"""``manage.py consensus --from marks.csv --to FOLDER``: what volunteers' marks agree on.

Reads points and boxes (one row a mark) or a Zooniverse export with points, boxes, freehand lines
and polygons, and writes three tables in Parquet: ``catalogue``, one row an object; ``consensus``,
one row an image, with the agreed mask where lines were drawn; ``skills``, one row a volunteer.
"""

from argparse import ArgumentParser
from pathlib import Path
from typing import IO, Any, cast

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from lamella.consensus.tables import Catalogue, write_skills
from models.config import MarkConfig
from models.crowd.drawings import Drawings
from models.crowd.marks import MarkCrowd
from models.crowd.reading import Table, TableError, read

_SENTENCES = 20
"""Rows that were left out that are named one by one."""


class Command(BaseCommand):
    help = "Makes a catalogue of volunteers' marks, with false-positive probabilities and skills."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--from", dest="source", required=True, help="CSV file of marks")
        parser.add_argument("--to", default="", help="folder for the tables; default beside it")
        parser.add_argument(
            "--reach",
            type=float,
            default=MarkConfig().reach,
            help="pixels within which points mean the same object",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        console = Console(file=cast(IO[str], self.stdout))
        source = Path(options["source"]).expanduser()
        if not source.is_file():
            raise CommandError(f"{source} is no file; give the CSV file of marks with --from.")
        if not options["reach"] > 0:
            raise CommandError("--reach must be above 0 pixels.")
        folder = Path(options["to"]) if options["to"] else source.with_suffix("")
        folder.mkdir(parents=True, exist_ok=True)
        columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
        with Progress(*columns, console=console) as bars:
            bar = bars.add_task("Reading", total=source.stat().st_size)
            try:
                table = read(source, lambda done: bars.update(bar, completed=done))
            except TableError as error:
                raise CommandError(str(error)) from error
            bars.update(bar, completed=source.stat().st_size)
            objects = _agree(table, folder, options["reach"], bars)
        for sentence in table.broken[:_SENTENCES]:
            console.print(sentence, soft_wrap=True)
        if len(table.broken) > _SENTENCES:
            console.print(f"{len(table.broken) - _SENTENCES} more rows or marks were left out.")
        console.print(
            f"{objects} objects on {len(table.images)} images by {len(table.people)} volunteers "
            f"are in {folder}.",
            soft_wrap=True,
        )


def _agree(table: Table, folder: Path, reach: float, bars: Progress) -> int:
    """Write the tables; how many objects are likelier there than not."""
    people = list(table.people)
    with Catalogue(folder, list(table.images), list(table.kinds)) as catalogue:
        tallies = []
        if table.points:
            crowd = MarkCrowd(table.marks(), MarkConfig(reach=reach))
            bar = bars.add_task("Points and boxes", total=2 * len(table.images))
            crowd.learn(lambda done: bars.update(bar, completed=done))
            base = len(table.images)
            for found in crowd.find(lambda done: bars.update(bar, completed=base + done)):
                catalogue.add_marks(found)
            tallies += list(zip(people, crowd.tallies(), strict=False))
        if table.outlines:
            drawings = Drawings(table)
            bar = bars.add_task("Lines", total=2 * drawings.images)
            drawings.learn(lambda done: bars.update(bar, completed=done))
            half = drawings.images
            for agreed in drawings.find(lambda done: bars.update(bar, completed=half + done)):
                catalogue.add_mask(agreed.image, agreed.result)
            skills = drawings.snapshot.skills
            tallies += [(people[int(who)], tally) for who, tally in skills.items()]
        write_skills(folder, tallies)
        return catalogue.likely
