"""``manage.py demo_simulated``: the same stack, with volunteers who are simulated."""

import json
import secrets
import sys
import time
from pathlib import Path
from typing import Any

import httpx
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console

from lamella.accounts import tokens
from lamella.accounts.models import User
from lamella.cubes.models import Cube
from lamella.rounds.models import Round
from lamella.studies.classes import class_map
from lamella.studies.models import Study, StudyState
from models.simulate.placed import bisected, reached
from models.simulate.volunteers import PerfectVolunteer
from workers.demo import setup
from workers.demo.plot import draw
from workers.demo.stack import Stack, StackError
from workers.demo.table import table_of
from workers.demo.volunteers import SimulatedVolunteer, work_through
from workers.demo.watch import watch
from workers.simulation.figures import TARGETS, RoundFigures, measure, shown_at

VOLUNTEERS = 2
# One round may take this long: training, proposing and all the masks of the volunteers.
_ROUND_SECONDS = 3600.0


class Command(BaseCommand):
    help = "Plays a study through with simulated volunteers over HTTP, and prints what came of it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--image", type=Path, help="a stack of your own; else the phantom")
        parser.add_argument("--labels", type=Path, help="its labels, which play the volunteers")
        parser.add_argument("--several", action="store_true", help="each label value is a class")
        parser.add_argument("--rounds", type=int, default=3)
        parser.add_argument("--strategy", default="discriminator")
        parser.add_argument("--target", type=float, default=0.999, help="stop at this certificate")
        parser.add_argument("--train-seconds", type=float, default=150.0)
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--json", type=Path, help="write the figures to this file")
        parser.add_argument("--plot", type=Path, help="write the plot to this file")

    def handle(self, *args: Any, **options: Any) -> None:
        # A log has no width of its own, and the table needs some.
        console = Console(width=None if sys.stdout.isatty() else 120)
        call_command("migrate", interactive=False, verbosity=0)
        found = _input(console, options)
        setup.make_accounts()
        study = setup.make_study(
            found,
            redundancy=VOLUNTEERS,
            max_rounds=options["rounds"],
            strategy=options["strategy"],
            target_dice=options["target"],
            # With the seed and three rounds, audit included, under a fifth of the cube.
            round_share=0.035,
            # Simulated people are as quick as bots.
            settings={
                "train": {"max_seconds": options["train_seconds"]},
                "guard": {"accepts": 0},
            },
        )
        assert found.truth is not None
        cube = setup.bring_in(study, found, seeds=setup.seed_slices(len(found.truth)))
        began = time.monotonic()
        try:
            with Stack(options["port"]) as stack:
                rounds = _play(console, stack, study, cube, found.truth)
        except StackError as error:
            raise CommandError(str(error)) from None
        minutes = (time.monotonic() - began) / 60
        plot = options["plot"] or setup.demo_folder() / "simulated.png"
        draw(rounds, plot, title=f"{found.name}, {study.strategy}, perfect volunteers")
        console.print(table_of(rounds, f"{found.name}: Dice of the whole cube by round"))
        console.print(f"{minutes:.1f} minutes. The plot is {plot}")
        if options["json"]:
            options["json"].write_text(
                json.dumps(_json(found, study, rounds, minutes), indent=2) + "\n"
            )
            console.print(f"The figures are in {options['json']}")


def _input(console: Console, options: dict[str, Any]) -> setup.DemoInput:
    setup.check_given(options["image"], options["labels"])
    if options["image"] is None:
        with console.status("Making a piece of liver with lipid droplets …"):
            return setup.phantom_input(setup.demo_folder())
    if options["labels"] is None:
        raise CommandError(
            "Simulated volunteers draw from labels; give LABELS=… beside IMAGE=…, "
            "or use “make demo” to draw yourself."
        )
    return setup.own_input(options["image"], options["labels"], several=options["several"])


def _play(
    console: Console, stack: Stack, study: Study, cube: Cube, truth: Any
) -> list[RoundFigures]:
    """Rounds until the study is finished; a row of figures after the seed and after each."""
    volunteers = _volunteers(stack, study)
    rows: list[RoundFigures] = []
    while True:
        watch(console, stack, study, lambda: _ready(study, len(rows)), seconds=_ROUND_SECONDS)
        cube.refresh_from_db()
        closed = study.rounds.filter(state=Round.State.CLOSED).order_by("-number").first()
        rows.append(measure(cube, truth, closed))
        console.print(_line(rows[-1]))
        study.refresh_from_db()
        if study.state == StudyState.FINISHED:
            return rows
        _draw_round(console, volunteers, study.rounds.get(state=Round.State.OPEN), truth)


def _draw_round(
    console: Console, volunteers: list[SimulatedVolunteer], opened: Round, truth: Any
) -> None:
    whole = opened.tasks.filter(extra=False)
    total = whole.filter(blind=False).count() * opened.study.redundancy
    # The manager draws the blind tiles, and one mask of theirs is enough.
    total += whole.filter(blind=True).count()
    with console.status("") as status:

        def tell(masks: int) -> None:
            status.update(f"Round {opened.number}: {masks} of {total} masks drawn …")

        tell(0)
        work_through(volunteers, truth, tell)


def _ready(study: Study, rows: int) -> bool:
    """Whether the next row can be measured: a new round is open, or the study is over."""
    study.refresh_from_db()
    if study.state == StudyState.FINISHED:
        return True
    closed = study.rounds.filter(state=Round.State.CLOSED).count()
    return closed >= rows and study.rounds.filter(state=Round.State.OPEN).exists()


def _volunteers(stack: Stack, study: Study) -> list[SimulatedVolunteer]:
    """Volunteers, and the manager: the blind audit is drawn by those whom the study knows."""
    users = [User.objects.get(username="dana")] + [
        User.objects.create_user(f"simulated-{index + 1}", password=secrets.token_hex(16))
        for index in range(VOLUNTEERS)
    ]
    result = []
    for index, user in enumerate(users):
        _, secret = tokens.create(user, "simulation")
        client = httpx.Client(
            base_url=stack.url, headers={"Authorization": f"Bearer {secret}"}, timeout=60
        )
        hand = PerfectVolunteer(f"perfect-{index}")
        result.append(SimulatedVolunteer(client, study.slug, hand, class_map(study)))
    return result


def _line(row: RoundFigures) -> str:
    where = "After the seed slices" if row.audit is None else f"After round {row.number}"
    return (
        f"{where}: {100 * row.shown_fraction:.1f} % shown, final Dice {row.dice_final:.4f}, "
        f"interpolation of the same slices {row.dice_interpolation:.4f}."
    )


def _json(
    found: setup.DemoInput, study: Study, rounds: list[RoundFigures], minutes: float
) -> dict[str, Any]:
    assert found.truth is not None
    alone = bisected(found.truth, class_map(study).count)
    return {
        "image": found.name,
        "slices": len(found.truth),
        "preset": "demo",
        "volunteers": "perfect",
        "minutes": round(minutes, 1),
        "strategies": {
            study.strategy: {
                "rounds": [row.to_json() for row in rounds],
                "shown_at_dice": shown_at(rounds),
                "interpolation_at_dice": {f"{t:.2f}": reached(alone, t) for t in TARGETS},
            }
        },
    }
