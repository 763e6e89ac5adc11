"""``manage.py ingest PATH --study SLUG --name NAME``: read a stack, or labels of a cube.

Whoever has the command line may read any path of the server; from the browser only those that
LAMELLA_INGEST_ROOTS allows.
"""

import sys
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import IO, Any, cast

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from lamella.cubes import previews, services
from lamella.cubes.models import Cube, Labels, LabelsRole
from lamella.cubes.readers import Preview, SourceError
from lamella.cubes.sources import Origin
from lamella.jobs.models import Job, JobState
from lamella.studies.models import Study
from lamella.volumes.geometry import canonical_unit

_POLL_SECONDS = 0.3
# A worker takes a job at once; after this long there seems to be none.
_NO_WORKER_SECONDS = 10


class Command(BaseCommand):
    help = "Reads an image stack into a study, or, with --labels-role, labels of one of its cubes."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("path", help="file, folder or address of an OME-Zarr")
        parser.add_argument("--study", required=True, help="the study's slug")
        parser.add_argument("--name", help="what the cube or labels are called; by default as PATH")
        parser.add_argument("--dataset", help="path of the dataset in an HDF5 file")
        parser.add_argument("--axes", help='order of the axes, for instance "XYZ"')
        parser.add_argument("--channel", type=int, help="which channel, from 0")
        parser.add_argument("--voxel-size", type=float, nargs=3, metavar=("Z", "Y", "X"))
        parser.add_argument("--unit", help="of the voxel size: nm, µm or mm")
        parser.add_argument("--licence", default="")
        parser.add_argument("--citation", default="")
        parser.add_argument(
            "--register", action="store_true", help="leave an OME-Zarr where it is, read-only"
        )
        parser.add_argument("--labels-role", choices=LabelsRole.values)
        parser.add_argument("--cube", help="name of the cube that labels belong to")
        parser.add_argument(
            "--map",
            nargs="+",
            metavar="FROM=TO",
            help="label values that become others; without, they stay as they are",
        )
        parser.add_argument("--others", type=int, help="what values without a mapping become")
        parser.add_argument("--slices", type=int, nargs="+", help="labelled slices; default all")
        parser.add_argument("--yes", action="store_true", help="do not ask after the preview")
        parser.add_argument("--no-wait", action="store_true", help="do not follow the reading")

    def handle(self, *args: Any, **options: Any) -> None:
        console = Console(file=cast(IO[str], self.stdout))
        study = Study.objects.filter(slug=options["study"]).first()
        if study is None:
            raise CommandError(f"There is no study “{options['study']}”; look in its address.")
        if options["unit"] and canonical_unit(options["unit"]) is None:
            raise CommandError(f"“{options['unit']}” is no unit of length; write nm, µm or mm.")
        try:
            _show(console, options)
            if not (options["yes"] or _agreed(console)):
                raise CommandError("Nothing was read.")
            job = _labels(study, options) if options["labels_role"] else _cube(study, options)
        except (SourceError, services.CubeError) as error:
            raise CommandError(str(error)) from error
        if options["no_wait"]:
            console.print(f"“{job.title}” waits for a worker.")
            return
        _follow(console, job)


def _place(options: dict[str, Any]) -> str:
    path: str = options["path"]
    if "://" in path:
        return path
    found = Path(path).expanduser().resolve()
    if not found.exists():
        raise SourceError(f"{path} does not exist.")
    return str(found)


def _show(console: Console, options: dict[str, Any]) -> None:
    seen = previews.look(
        Origin(_place(options)),
        dataset=options["dataset"],
        axes=options["axes"],
        channel=options["channel"],
        labels=bool(options["labels_role"]),
    )
    if seen.found is None:
        raise SourceError(f"{seen.question} Use --dataset.")
    table = Table(show_header=False, title=seen.found.name)
    for name, value in _facts(seen.found, options):
        table.add_row(name, value)
    console.print(table)


def _facts(found: Preview, options: dict[str, Any]) -> list[tuple[str, str]]:
    size, unit = found.voxel_size, ""
    sides = options["voxel_size"] or (size and size.zyx)
    if sides:
        unit = options["unit"] or (size.unit if size and size.unit else "of unknown unit")
    facts = [
        ("axes", found.axes),
        ("voxels, z × y × x", " × ".join(str(n) for n in found.shape)),
        ("type", found.dtype),
        ("voxel size", f"{' × '.join(f'{s:g}' for s in sides)} {unit}" if sides else "not known"),
        ("values", f"{found.low:g} to {found.high:g}"),
    ]
    if options["labels_role"] and found.id_count is not None:
        shown = ", ".join(str(i) for i in found.ids[:12])
        facts.append(("labels", f"{found.id_count} values: {shown}"))
    return facts


def _agreed(console: Console) -> bool:
    """Ask a person; a script that cannot answer has said yes by calling."""
    if not sys.stdin.isatty():
        return True
    return console.input("Read it like this? [Y/n] ").strip().lower() in ("", "y", "yes")


def _cube(study: Study, options: dict[str, Any]) -> Job:
    cube = services.add_cube(
        study,
        name=_name(options),
        path=_place(options),
        dataset=options["dataset"],
        axes=options["axes"],
        channel=options["channel"],
        voxel_size=options["voxel_size"],
        unit=options["unit"],
        licence=options["licence"],
        citation=options["citation"],
        register=options["register"],
    )
    return Job.objects.get(key=f"ingest:{cube.pk}")


def _labels(study: Study, options: dict[str, Any]) -> Job:
    cubes = study.cubes.filter(name=options["cube"]) if options["cube"] else study.cubes.all()
    cube = cubes.first()
    if cube is None or cubes.count() > 1:
        names = ", ".join(f"“{name}”" for name in study.cubes.values_list("name", flat=True))
        raise services.CubeError(
            f"Say with --cube whose labels these are; the study has {names or 'no cube yet'}."
        )
    labels = services.add_labels(
        cube,
        name=_name(options),
        role=LabelsRole(options["labels_role"]),
        path=_place(options),
        dataset=options["dataset"],
        axes=options["axes"],
        channel=options["channel"],
        mapping=_mapping(options["map"]),
        others=options["others"],
        slices=options["slices"],
    )
    job = Job.objects.filter(key=f"labels:{labels.pk}").first()
    if job is None:
        raise services.CubeError(
            f"The labels wait until the cube “{cube.name}” is read, and are read then."
        )
    return job


def _name(options: dict[str, Any]) -> str:
    return str(options["name"] or _place(options).rstrip("/").rsplit("/", 1)[-1])[:120]


def _mapping(pairs: list[str] | None) -> dict[int, int] | None:
    if pairs is None:
        return None
    try:
        return {int(a): int(b) for a, b in (pair.split("=") for pair in pairs)}
    except ValueError:
        raise CommandError("Write --map as FROM=TO, for instance --map 255=1 128=2.") from None


def _follow(console: Console, job: Job) -> None:
    """Show how far the worker is. Raises CommandError with the sentence where it fails."""
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    began = time.monotonic()
    with Progress(*columns, console=console) as progress:
        bar = progress.add_task(job.title, total=1.0)
        while not job.ended:
            time.sleep(_POLL_SECONDS)
            job.refresh_from_db()
            progress.update(bar, completed=job.progress)
            late = time.monotonic() - began > _NO_WORKER_SECONDS
            if job.state == JobState.QUEUED and late:
                progress.update(bar, description=f"{job.title} (waits: is a worker running?)")
            elif job.state == JobState.RUNNING:
                progress.update(bar, description=job.title)
    if job.state != JobState.DONE:
        raise CommandError(job.error or f"“{job.title}” was cancelled.")
    console.print(_result(job))


def _result(job: Job) -> str:
    if job.kind == "ingest_cube":
        cube = Cube.objects.select_related("study").get(pk=job.params["cube_id"])
        return f"The cube “{cube.name}” of “{cube.study.title}” is ready."
    labels = Labels.objects.select_related("cube").get(pk=job.params["labels_id"])
    return f"The labels “{labels.name}” of “{labels.cube.name}” are ready."
