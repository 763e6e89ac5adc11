"""Progress of a study's jobs in the terminal."""

import time
from collections.abc import Callable
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from lamella.jobs.models import Job, JobState
from lamella.studies.models import Study
from workers.demo.stack import Stack, StackError

# Jobs that take long enough to be worth a bar.
_SHOWN = ("ingest_cube", "import_labels", "train", "pretrain", "propose", "export")
_POLL_SECONDS = 0.5


def watch(
    console: Console, stack: Stack, study: Study, until: Callable[[], bool], *, seconds: float
) -> None:
    """Show what the workers do until ``until``. Raises StackError when a job fails for good."""
    bars: dict[Any, TaskID] = {}
    ended: set[Any] = set()
    began = Job.objects.filter(scope=study.slug, state=JobState.DONE).values_list("pk", flat=True)
    before = set(began)
    deadline = time.monotonic() + seconds
    columns = (
        TextColumn("{task.description:<34}"),
        BarColumn(30),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
        TextColumn("{task.fields[words]}"),
    )
    with Progress(*columns, console=console, refresh_per_second=4) as progress:
        while True:
            done = until()
            for job in Job.objects.filter(scope=study.slug, kind__in=_SHOWN).order_by("created"):
                if job.pk in before:
                    continue
                if job.pk not in bars:
                    bars[job.pk] = progress.add_task(job.title, total=1.0, words="")
                progress.update(bars[job.pk], completed=job.progress, words=job.message[:40])
                if job.ended and job.pk not in ended:
                    ended.add(job.pk)
                    progress.stop_task(bars[job.pk])
                    if not console.is_terminal:
                        # Bars need a terminal; a log gets a line for each job.
                        console.print(f"{job.title}: {job.get_state_display()}. {job.message}")
            _refuse_failures(study)
            if done:
                return
            stack.check()
            if time.monotonic() > deadline:
                raise StackError(f"The study did not get on within {seconds / 60:.0f} minutes.")
            time.sleep(_POLL_SECONDS)


def _refuse_failures(study: Study) -> None:
    failed = Job.objects.filter(scope=study.slug, state=JobState.FAILED).first()
    if failed is not None:
        raise StackError(f"“{failed.title}” failed: {failed.error}")
