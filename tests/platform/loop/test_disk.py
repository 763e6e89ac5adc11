"""What a study takes of the disk is counted by part; only what can be made again is deleted."""

from datetime import timedelta

import pytest
from django.utils import timezone

from lamella.cubes.models import Cube
from lamella.cubes.store import location, work_folder
from lamella.jobs.models import Job
from lamella.learning.models import ModelVersion, Proposal
from lamella.learning.proposals import prediction_root
from lamella.loop.disk import clean, disk_of, measure, measure_due
from lamella.loop.models import Figures
from tests import factories as make

pytestmark = pytest.mark.django_db

STATES = ModelVersion.State


@pytest.fixture
def cube() -> Cube:
    """Four retired versions, one that serves and a candidate; each predicted and proposed."""
    cube = make.make_cube(make.make_study(), uri="cubes/disk/image.zarr")
    location(cube.uri).write(b"v" * 1000)
    opened = make.make_round(cube.study, 1)
    for number in range(1, 7):
        state = {5: STATES.SERVING, 6: STATES.CANDIDATE}.get(number, STATES.RETIRED)
        run = make.make_run(cube.study)
        version = make.make_version(
            cube.study, number, state=state, training_run=run, checkpoint=f"models/disk/{number}"
        )
        location(version.checkpoint).write(b"w" * 10)
        (prediction_root(version.pk, cube.pk) / "probability").write(b"p" * 100)
        proposal = make.make_proposal(cube, version, uri=f"proposals/disk-{number}")
        (location(proposal.uri) / "labels").write(b"m" * 50)
        (work_folder(f"training/{run.pk}") / "state").write_bytes(b"s" * 7)
        if number == 1:
            make.make_task(cube, opened, proposal=proposal)
    return cube


def left(cube: Cube) -> dict[str, list[int]]:
    versions = list(cube.study.model_versions.order_by("number"))
    return {
        "predictions": [v.number for v in versions if prediction_root(v.pk, cube.pk).size()],
        "proposals": list(
            Proposal.objects.filter(cube=cube)
            .order_by("pk")
            .values_list("model_version__number", flat=True)
        ),
        "models": [v.number for v in versions if location(v.checkpoint).exists()],
    }


def test_parts_are_counted_by_bytes_and_what_could_go_is_told(cube: Cube) -> None:
    measure(cube.study)
    found = disk_of(cube.study)
    assert found is not None
    assert found.parts["images"] == 1000
    assert found.parts["predictions"] == 600
    assert found.parts["proposals"] == 300
    assert found.parts["models"] == 60
    assert found.parts["work"] == 42
    # Two versions' predictions, one's proposal, and all six runs' working files.
    assert found.spare == 2 * 100 + 50 + 42


def test_what_is_needed_stays_and_doing_it_twice_is_harmless(cube: Cube) -> None:
    assert clean(cube.study) == 292
    assert left(cube) == {
        "predictions": [3, 4, 5, 6],
        "proposals": [1, 3, 4, 5, 6],
        "models": [1, 2, 3, 4, 5, 6],
    }
    assert not location("proposals/disk-2").exists()
    assert location("proposals/disk-1").exists()
    assert clean(cube.study) == 0
    assert location(cube.uri).size() == 1000


def test_a_run_that_can_go_on_keeps_its_files(cube: Cube) -> None:
    run = make.make_run(cube.study, state="cancelled")
    (work_folder(f"training/{run.pk}") / "state").write_bytes(b"s")
    clean(cube.study)
    assert (work_folder(f"training/{run.pk}") / "state").exists()


def test_each_study_is_measured_once_a_day(cube: Cube) -> None:
    assert measure_due() == 1
    assert Job.objects.get(kind="clean_up").params["what"] == "measure"
    measure(cube.study)
    assert measure_due() == 0
    Figures.objects.update(counted=timezone.now() - timedelta(days=2))
    assert measure_due() == 1
