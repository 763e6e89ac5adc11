"""Large studies are counted by the scheduler, small ones when a page asks: alike, and in time."""

from datetime import timedelta

import pytest
from django.utils import timezone

from lamella.cubes.models import Cube, LabelsRole
from lamella.loop import kept
from lamella.loop.counted import Counted
from lamella.loop.models import Figures
from lamella.rounds.models import Task
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def cube() -> Cube:
    """Three rounds of work, audits and gold, some corrected, with two versions' proposals."""
    cube = make.make_cube(make.make_study(public=True))
    versions = [make.make_version(cube.study, number) for number in (1, 2)]
    proposals = [make.make_proposal(cube, version) for version in versions]
    for number in range(3):
        opened = make.make_round(cube.study, number, state="closed" if number < 2 else "open")
        for z in range(4):
            task = make.make_task(
                cube,
                opened,
                z=4 * number + z,
                kind=Task.Kind.AUDIT if z == 3 else Task.Kind.WORK,
                proposal=proposals[number - 1] if number else None,
                inclusion=0.5,
                blind=z == 3 and number == 1,
            )
            if z < 3 - number:
                mask = make.make_correction(task)
                make.make_consensus(task, corrections=[mask], agreement=0.5 + 0.2 * z)
    make.make_task(cube, z=15, kind=Task.Kind.GOLD)
    make.make_labels(cube, LabelsRole.TRAINING, slices=[1, 14])
    return cube


def told(cube: Cube) -> dict[str, object]:
    now = Counted(cube.study)
    return {
        "tasks": now.tasks,
        "rounds": now.rounds,
        "totals": now.totals,
        "review": now.review,
        "shown": now.shown([cube]),
        "along": now.along([cube.pk]),
        "rests": now.rests,
        "credits": now.credits,
    }


def test_what_is_kept_is_what_is_counted(cube: Cube, monkeypatch: pytest.MonkeyPatch) -> None:
    counted = told(cube)
    assert not Figures.objects.exists()
    monkeypatch.setattr(kept, "LARGE", 5)
    assert kept.freshen()
    assert Figures.objects.filter(key=f"study:{cube.study_id}").exists()
    assert told(cube) == counted


def test_figures_of_an_older_version_do_not_hide_what_rests_on_a_version(cube: Cube) -> None:
    rests = Counted(cube.study).rests
    assert rests == {1: {cube.pk: 2}, 2: {cube.pk: 1}}
    value = {"tasks": {}, "rests": {"1": 2}}
    Figures.objects.create(
        key=f"study:{cube.study_id}",
        study=cube.study,
        value=value,
        counted=timezone.now(),
        seconds=0.0,
    )
    assert Counted(cube.study).rests == rests


def test_small_studies_are_never_kept(cube: Cube) -> None:
    assert not kept.freshen()
    assert kept.kept_of(cube.study) is None


def test_a_large_study_is_counted_again_once_that_is_due(
    cube: Cube, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "LARGE", 5)
    now = timezone.now()
    assert [kept.freshen(now) for _ in range(3)] == [True, True, False]  # the study, the week
    make.make_consensus(cube.tasks.get(z=11, kind=Task.Kind.AUDIT))
    before = Counted(cube.study).tasks["agreed"]
    later = now + kept.EVERY + timedelta(seconds=5)
    assert kept.freshen(later)
    assert Counted(cube.study).tasks["agreed"] == before + 1


def test_counting_takes_a_small_share_of_the_time(
    cube: Cube, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "LARGE", 5)
    now = timezone.now()
    while kept.freshen(now):
        pass
    Figures.objects.update(seconds=6.0)
    assert not kept.freshen(now + timedelta(seconds=119))
    assert kept.freshen(now + timedelta(seconds=121))
