"""``manage.py demo``: a study on the phantom, or on a person's own stack, ready to try."""

import time
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console

from lamella.accounts.models import User
from lamella.rounds.models import Task
from lamella.studies.models import Study
from workers.demo import setup
from workers.demo.stack import Stack, StackError
from workers.demo.watch import watch

# Reading and training of a large stack of one's own may take long; it shows its progress.
_LONGEST_SECONDS = 6 * 3600.0
# Long enough for a proposal of Dice .80 on the phantom within five minutes on two cores.
DEMO_SETTINGS: dict[str, Any] = {"train": {"max_seconds": 150.0}}


class Command(BaseCommand):
    help = "Makes a demo study, trains, and serves it at http://localhost:8000 until Ctrl+C."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--image", type=Path, help="a stack of your own")
        parser.add_argument("--labels", type=Path, help="its labels; without, people begin")
        parser.add_argument("--several", action="store_true", help="each label value is a class")
        parser.add_argument("--port", type=int, default=8000)

    def handle(self, *args: Any, **options: Any) -> None:
        console = Console()
        setup.check_given(options["image"], options["labels"])
        call_command("migrate", interactive=False, verbosity=0)
        try:
            study, passwords = _study(console, options)
            with Stack(options["port"]) as stack:
                _serve(console, stack, study, passwords)
        except StackError as error:
            raise CommandError(str(error)) from None
        except KeyboardInterrupt:
            console.print("Everything has ended. The same command goes on where it was.")


def _study(console: Console, options: dict[str, Any]) -> tuple[Study, dict[str, str]]:
    """The demo's study: the one made before for this stack, or a new one."""
    passwords = setup.make_accounts()
    if options["image"] is None:
        existing = Study.objects.filter(slug="lipid-droplets-in-liver").first()
    else:
        existing = Study.objects.filter(settings__demo=str(options["image"].resolve())).first()
    if existing is not None:
        return existing, passwords
    if options["image"] is None:
        with console.status("Making a piece of liver with lipid droplets …"):
            found = setup.phantom_input(setup.demo_folder())
    else:
        found = setup.own_input(options["image"], options["labels"], several=options["several"])
    study = setup.make_study(
        found,
        redundancy=2,
        settings={**DEMO_SETTINGS, "demo": str(found.image.resolve())},
    )
    seeds = setup.seed_slices(len(found.truth)) if found.truth is not None else []
    setup.bring_in(study, found, seeds=seeds)
    return study, passwords


def _serve(console: Console, stack: Stack, study: Study, passwords: dict[str, str]) -> None:
    began = time.monotonic()

    def offered() -> bool:
        return Task.objects.filter(study=study, state=Task.State.OPEN).exists()

    console.print(f"Lamella runs at [bold]{stack.url}[/bold]; the study gets ready.")
    if not offered():
        watch(console, stack, study, offered, seconds=_LONGEST_SECONDS)
        minutes = (time.monotonic() - began) / 60
        console.print(f"The first tasks are on offer after {minutes:.1f} minutes.")
    console.print(f"\nOpen [bold]{stack.url}[/bold]. Anybody may try; these accounts can do more:")
    for name, role in setup.ROLES.items():
        password = passwords.get(name) or "(the password that was printed the first time)"
        console.print(f"  {role.label:<10} {name:<6} {password}")
    if any(name not in passwords for name in setup.ROLES):
        known = ", ".join(u.username for u in User.objects.filter(username__in=setup.ROLES))
        console.print(f"  A lost password: manage.py changepassword NAME, for {known}.")
    console.print("Ctrl+C ends everything.")
    while True:
        stack.check()
        time.sleep(1)
