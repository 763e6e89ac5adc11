"""Answers for one cell, in a process whose database and store are the cell's own."""

import json
import sys
from pathlib import Path
from typing import Any

from workers.simulation import beside
from workers.simulation.cell import Cell
from workers.simulation.figures import RoundFigures
from workers.simulation.inline import JobFailedError
from workers.simulation.play import play
from workers.simulation.truth import InputError


def answer(asked: Path, result: Path) -> None:
    """Play the cell that the file ``asked`` describes, and write its result, or {"error"}.

    Writes a JSON line {"done", "shown", "dice"} to the standard output after each round.
    """
    cell = Cell.from_json(json.loads(asked.read_text()))
    try:
        found = _result(cell)
    except (InputError, JobFailedError, ValueError) as error:
        found = {"error": str(error)}
    result.write_text(json.dumps(found, allow_nan=False))


def _result(cell: Cell) -> dict[str, Any]:
    if cell.strategy == beside.INTERPOLATION:
        return beside.interpolation(cell)
    if cell.strategy == beside.EVERY_SLICE:
        return beside.every_slice(cell)
    return play(cell, _tell)


def _tell(row: RoundFigures, done: float) -> None:
    line = {"done": done, "shown": row.shown_fraction, "dice": row.dice_final}
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()
