"""What an admin's desk shows beside a study in full swing (tests/scene.py): pictures, machines."""

from datetime import timedelta

import numpy as np
from django.utils import timezone
from scipy import ndimage

from lamella.jobs.beats import SCHEDULER
from lamella.jobs.models import Beat, JobState
from lamella.learning.models import TrainingRun
from lamella.loop.models import Figures
from lamella.volumes.geometry import Region
from models.networks.progress import Sample
from tests import factories as make
from tests.scene import Scene
from workers.samples import keeper

MEGABYTE = 1_000_000


def fill(scene: Scene, run: TrainingRun) -> None:
    """An admin of the installation (root), and something of everything that the desk tells."""
    make.make_user("root", staff=True)
    _pictures(scene, run)
    now = timezone.now()
    gpu = {"name": "NVIDIA H200", "busy": 0.83, "memory": 0.41, "megabytes": 143_771}
    for name, queue, load in (
        (SCHEDULER, "", {"busy": 0.21, "memory": 0.34, "gpus": []}),
        ("light@web-1", "light", {"busy": 0.21, "memory": 0.34, "gpus": []}),
        ("heavy@gpu-1", "heavy", {"busy": 0.46, "memory": 0.58, "gpus": [gpu]}),
    ):
        Beat.objects.create(name=name, queue=queue, seen=now - timedelta(seconds=4), load=load)
    make.make_job(
        scene.study,
        "export",
        title="Write TIFF of block 1",
        state=JobState.FAILED,
        finished=now - timedelta(minutes=50),
        attempts=5,
        error="The store did not answer; try again once it does.",
        traceback="Traceback (most recent call last): ...",
    )
    _kept(scene, "compared", {"versions": [_line(2, 0.931, 0.918), _line(1, 0.902, 0.887)]})
    parts = {"images": 2400, "labels": 12, "predictions": 310, "proposals": 620, "models": 9}
    parts |= {"exports": 95, "work": 44}
    told = {part: size * MEGABYTE for part, size in parts.items()}
    _kept(scene, "disk", {"parts": told, "spare": 214 * MEGABYTE})


def _kept(scene: Scene, name: str, value: object) -> None:
    Figures.objects.create(
        key=f"{name}:{scene.study.pk}",
        study=scene.study,
        value=value,
        counted=timezone.now() - timedelta(hours=3),
        seconds=0.1,
    )


def _line(number: int, gold: float, audit: float) -> dict[str, object]:
    return {
        "number": number,
        "gold": {"dice": gold, "low": gold - 0.012, "high": gold + 0.012, "masks": 12},
        "audit": {"dice": audit, "low": audit - 0.02, "high": audit + 0.02, "masks": 9},
    }


def _pictures(scene: Scene, run: TrainingRun) -> None:
    """Three slices at three steps; the outline comes nearer to the truth."""
    keep = keeper(run, [scene.cube])
    image = make_reader(scene)
    for step, blur in ((24, 9.0), (120, 4.0), (190, 1.5)):
        for number, z in enumerate((9, 20, 31)):
            truth = scene.truth[z]
            guess = ndimage.gaussian_filter(truth.astype(np.float32), blur) > 0.4
            keep(
                Sample(
                    step, number, 0, z, 0, 0, image(z), guess.astype(np.uint8), truth.astype(int)
                )
            )


def make_reader(scene: Scene):  # type: ignore[no-untyped-def] # a plane by its slice
    from lamella.cubes.volumes import reader_of

    reader, cube = reader_of(scene.cube), scene.cube

    def plane(z: int) -> np.ndarray:
        region = Region(z, 0, 0, cube.shape[1], cube.shape[2])
        shown = (reader.region(region) - cube.low) / (cube.high - cube.low) * 2 - 1
        return shown.astype(np.float16)

    return plane
