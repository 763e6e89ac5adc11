"""``manage.py simulate_cell``: one cell of a simulation, on a database of its own.

Started by ``simulate``, never by hand: it empties nothing, but it fills the database that the
environment names. Speaks JSON lines on the standard output: {"done", "shown", "dice"} after each
round.
"""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from workers.simulation import beside
from workers.simulation.cell import Cell
from workers.simulation.figures import RoundFigures
from workers.simulation.inline import JobFailedError
from workers.simulation.play import play
from workers.simulation.truth import InputError


class Command(BaseCommand):
    help = "Plays one cell of a simulation; used by “manage.py simulate”."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("cell", type=Path)
        parser.add_argument("result", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        cell = Cell.from_json(json.loads(options["cell"].read_text()))
        try:
            result = self._result(cell)
        except (InputError, JobFailedError, ValueError) as error:
            result = {"error": str(error)}
        options["result"].write_text(json.dumps(result, allow_nan=False))

    def _result(self, cell: Cell) -> dict[str, Any]:
        if cell.strategy == beside.INTERPOLATION:
            return beside.interpolation(cell)
        if cell.strategy == beside.EVERY_SLICE:
            return beside.every_slice(cell)
        return play(cell, self._tell)

    def _tell(self, row: RoundFigures, done: float) -> None:
        line = {"done": done, "shown": row.shown_fraction, "dice": row.dice_final}
        self.stdout.write(json.dumps(line))
        self.stdout.flush()
