"""``manage.py replay --study SLUG``: makes stored results again and says which are not the same."""

from argparse import ArgumentParser
from typing import IO, Any, cast

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from lamella.consensus.compute import replay
from lamella.consensus.models import Consensus
from lamella.consensus.votes import MANAGER
from lamella.studies.models import Study
from lamella.volumes import codec


class Command(BaseCommand):
    help = "Replays every consensus of a study from its corrections, skills and terms alone."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--study", required=True, help="slug of the study")

    def handle(self, *args: Any, **options: Any) -> None:
        console = Console(file=cast(IO[str], self.stdout))
        study = Study.objects.filter(slug=options["study"]).first()
        if study is None:
            raise CommandError(f"There is no study “{options['study']}”; give its slug.")
        rows = Consensus.objects.filter(task__study=study).exclude(aggregator=MANAGER)
        keys = list(rows.order_by("pk").values_list("pk", flat=True))
        columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
        wrong = []
        with Progress(*columns, console=console) as bars:
            for key in bars.track(keys, description="Replaying"):
                stored = rows.select_related("task__study", "task__proposal", "skills").get(pk=key)
                why = _differs(stored)
                if why:
                    wrong.append(f"Consensus {key} of task {stored.task_id}: {why}")
        for sentence in wrong:
            console.print(sentence, soft_wrap=True)
        console.print(f"{len(keys) - len(wrong)} of {len(keys)} results are the same, to the byte.")
        if wrong:
            raise CommandError(f"{len(wrong)} results could not be made again.")


def _differs(stored: Consensus) -> str:
    """Why a stored result and its replay are not the same; empty where they are."""
    try:
        again = replay(stored)
    except LookupError as error:
        return str(error)
    if again is None:
        return "none of its masks can be read."
    if codec.mask_hash(again.mask) != stored.mask_hash:
        return "the mask is another one."
    if again.probability != bytes(stored.probability):
        return "the probabilities are others."
    if (again.action, again.reason[:200]) != (stored.action, stored.reason):
        return f"it would {again.action}: {again.reason}"
    return ""
