"""Counts of large studies are kept, and are the same as those of small ones."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from lamella.jobs.models import Job
from lamella.loop import counts
from lamella.loop.models import Counts
from lamella.loop.overview import of_study
from lamella.rounds.models import Round, Task
from lamella.studies.models import Study
from tests import factories as make
from workers.runner import run_job

pytestmark = pytest.mark.django_db


@pytest.fixture
def study() -> Study:
    study = make.make_study()
    cube = make.make_cube(study, shape=(12, 64, 64))
    for number in range(2):
        opened = make.make_round(study, number, state=Round.State.CLOSED)
        for z in range(number * 4, number * 4 + 4):
            task = make.make_task(cube, opened, z, kind=Task.Kind.AUDIT if z == 1 else "work")
            make.make_consensus(task, corrections=[make.make_correction(task)])
    return study


def test_kept_counts_say_what_fresh_ones_say(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    fresh = of_study(study)
    monkeypatch.setattr(counts, "SMALL", 3)
    first, kept = of_study(study), of_study(study)
    assert kept.counted is not None
    for overview in (first, kept):
        assert overview.cubes[0].strip == fresh.cubes[0].strip
        assert [(r.tasks, r.agreed) for r in overview.rounds] == [(4, 4), (4, 4)]
        assert (overview.shown, overview.effort) == (fresh.shown, fresh.effort)


def test_a_large_study_is_counted_again_by_a_job_and_not_by_its_readers(
    study: Study, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    monkeypatch.setattr(counts, "SMALL", 3)
    counts.counts_of(study)
    cube = study.cubes.get()
    make.make_task(cube, study.rounds.first(), z=11)
    with django_assert_num_queries(2):
        assert 11 not in counts.counts_of(study).places[cube.pk]
    assert counts.refresh_due() == 0
    Counts.objects.update(made=timezone.now() - timedelta(minutes=6))
    assert counts.refresh_due() == 1
    assert run_job(str(Job.objects.get(kind="counts").pk)) == "done"
    assert 11 in counts.counts_of(study).places[cube.pk]
