"""What a simulation says into a log while it is played."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from workers.simulation.cell import Cell
from workers.simulation.progress import Bars


def cell() -> Cell:
    return Cell(
        images=(Path("image.tif"),),
        labels=(Path("labels.tif"),),
        image_hashes=("a",),
        labels_hashes=("b",),
        classes="auto",
        strategy="random",
        volunteers="perfect",
        seed=0,
        preset="quick",
        rounds=2,
        budget=0.5,
    )


@pytest.mark.parametrize("colours", [True, False])
def test_a_log_has_a_line_where_something_changed_and_no_bars(colours: bool) -> None:
    log = io.StringIO()
    # Forced colours make a console call itself a terminal, whatever it writes to.
    console = Console(file=log, force_terminal=colours, no_color=True, width=100)
    played = cell()
    with Bars(console, [played]) as bars:
        bars.tell(played, {"state": "begun"})
        for shown in (0.1, 0.1, 0.2):
            bars.tell(played, {"done": shown, "shown": shown, "dice": 0.9})
        bars.tell(played, {"state": "ended", "seconds": 3.0})
    assert log.getvalue().splitlines() == [
        "random, perfect, seed 0: 10.0 % shown, Dice 0.900",
        "random, perfect, seed 0: 20.0 % shown, Dice 0.900",
        "random, perfect, seed 0: ended",
    ]
