"""Training that starts by itself: after so many agreed tasks, or at an hour of the day."""

from datetime import datetime, timedelta

import numpy as np
import pytest
from django.utils import timezone

from lamella.learning.models import TrainingRun
from lamella.loop.scheduling import is_due, start_due
from lamella.studies.models import Study, StudyState
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def study() -> Study:
    """Three tasks were agreed on, and a run that began before them is done."""
    study = make.make_study()
    cube = make.make_cube(study, voxels=np.zeros((8, 64, 64), np.uint8))
    run = make.make_run(study)
    TrainingRun.objects.filter(pk=run.pk).update(created=timezone.now() - timedelta(days=2))
    opened = make.make_round(study, 1)
    for z in range(3):
        task = make.make_task(cube, opened, z=z)
        make.make_consensus(task, corrections=[make.make_correction(task)])
    return study


def ruled(study: Study, **rule: int) -> Study:
    study.settings = {**study.settings, "schedule": rule}
    study.save()
    return study


def at(hour: int) -> datetime:
    return timezone.localtime().replace(hour=hour, minute=30) + timedelta(days=1)


def test_without_a_rule_nothing_starts(study: Study) -> None:
    assert start_due() == 0


@pytest.mark.parametrize(("wanted", "due"), [(3, True), (4, False)])
def test_a_run_is_due_after_so_many_agreed_tasks(study: Study, wanted: int, due: bool) -> None:
    assert is_due(ruled(study, new_tasks=wanted), timezone.now()) is due


def test_blind_and_gold_tasks_do_not_count(study: Study) -> None:
    study.tasks.filter(z=0).update(blind=True)
    study.tasks.filter(z=1).update(kind="gold")
    assert not is_due(ruled(study, new_tasks=2), timezone.now())
    assert is_due(ruled(study, new_tasks=1), timezone.now())


def test_a_daily_run_starts_within_its_hour_once(study: Study) -> None:
    ruled(study, at_hour=3)
    assert is_due(study, at(3))
    assert not is_due(study, at(4))
    TrainingRun.objects.update(created=at(3) - timedelta(minutes=20))
    study.tasks.update(retired=at(3) - timedelta(minutes=5))
    assert not is_due(study, at(3))


def test_a_daily_run_waits_until_something_is_new(study: Study) -> None:
    study.tasks.update(retired=timezone.now() - timedelta(days=5))
    assert not is_due(ruled(study, at_hour=3), at(3))


def test_the_scheduler_starts_one_run_and_no_second_beside_it(study: Study) -> None:
    ruled(study, new_tasks=3)
    assert start_due() == 1
    assert study.training_runs.filter(state=TrainingRun.State.WAITING).count() == 1
    assert start_due() == 0


def test_a_paused_study_starts_nothing(study: Study) -> None:
    ruled(study, new_tasks=1)
    Study.objects.update(state=StudyState.PAUSED)
    assert start_due() == 0


def test_after_a_failure_there_is_a_rest(study: Study) -> None:
    ruled(study, new_tasks=1)
    failed = make.make_run(study, state=TrainingRun.State.FAILED, finished=timezone.now())
    TrainingRun.objects.filter(pk=failed.pk).update(created=timezone.now() - timedelta(days=1))
    assert not is_due(study, timezone.now())
    assert is_due(study, timezone.now() + timedelta(minutes=11))
