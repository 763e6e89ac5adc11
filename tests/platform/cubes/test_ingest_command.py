"""``manage.py ingest``: a preview, then the reading, with one sentence where it fails."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from django.core.management import CommandError, call_command
from pytest_django import Settings

from lamella.cubes.models import Cube, Labels
from lamella.jobs.models import Job, JobState
from lamella.studies.models import Study, StudyState
from tests.factories import make_study
from workers.runner import run_job

pytestmark = pytest.mark.django_db(transaction=True)

VOXELS = np.random.default_rng(4).integers(0, 200, (5, 40, 48), dtype=np.uint8)


@pytest.fixture
def study(settings: Settings, tmp_path: Path) -> Study:
    settings.UPLOAD_DIR = tmp_path / "uploads"
    return make_study(state=StudyState.PAUSED)


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    path = tmp_path / "stack.tif"
    tifffile.imwrite(path, VOXELS, photometric="minisblack", metadata={"axes": "ZYX"})
    return path


@pytest.fixture
def _a_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Does the waiting reading job whenever the command looks."""

    def work(_: float) -> None:
        for job in Job.objects.filter(state=JobState.QUEUED).exclude(kind="advance"):
            run_job(str(job.pk))

    monkeypatch.setattr("time.sleep", work)
    return


def run(*arguments: Any) -> str:
    out = io.StringIO()
    call_command("ingest", *map(str, arguments), stdout=out)
    return out.getvalue()


@pytest.mark.usefixtures("_a_worker")
def test_a_stack_and_its_labels_are_read(study: Study, stack: Path, tmp_path: Path) -> None:
    said = run(
        stack, "--study", study.slug, "--name", "Liver", "--voxel-size", 50, 10, 10, "--unit", "nm",
        "--licence", "CC0",
    )  # fmt: skip
    assert "5 × 40 × 48" in said
    assert "50 × 10 × 10 nm" in said
    assert "The cube “Liver” of “Liver 3” is ready." in said
    cube = Cube.objects.get()
    assert (cube.state, cube.voxel_size, cube.licence) == ("ready", [50, 10, 10], "CC0")

    labels = tmp_path / "labels.tif"
    tifffile.imwrite(labels, (VOXELS > 100).astype(np.uint8) * 255, photometric="minisblack")
    said = run(
        labels, "--study", study.slug, "--labels-role", "gold", "--map", "255=1", "--slices", 1, 3
    )
    assert "1 values: 255" in said
    found = Labels.objects.get()
    assert (found.state, found.slices, found.name) == ("ready", [1, 3], "labels.tif")


@pytest.mark.usefixtures("_a_worker")
def test_what_cannot_be_read_is_told_in_one_sentence(study: Study, stack: Path) -> None:
    with pytest.raises(CommandError, match=r"There is no study “kidney”"):
        run(stack, "--study", "kidney")
    with pytest.raises(CommandError, match=r"nothing.tif does not exist\."):
        run(stack.parent / "nothing.tif", "--study", study.slug)
    with pytest.raises(CommandError, match="no unit of length"):
        run(stack, "--study", study.slug, "--unit", "furlong")
    with pytest.raises(CommandError, match="the study has no cube yet"):
        run(stack, "--study", study.slug, "--labels-role", "gold")
    stack.write_bytes(stack.read_bytes()[:-3000])
    with pytest.raises(CommandError, match=r"stack.tif .*cut short"):
        run(stack, "--study", study.slug)
    assert not Cube.objects.filter(state="ready").exists()


def test_without_waiting_the_job_is_left_to_a_worker(study: Study, stack: Path) -> None:
    assert "waits for a worker" in run(stack, "--study", study.slug, "--no-wait")
    assert Job.objects.get().state == JobState.QUEUED
