"""The factories make rows that the database's own rules accept."""

import pytest

from tests import factories as make

pytestmark = pytest.mark.django_db


def test_a_whole_study_can_be_made_of_factories() -> None:
    dana = make.make_user("dana")
    study = make.make_study(dana=dana)
    cube = make.make_cube(study)
    opened = make.make_round(study)
    task = make.make_task(cube, opened, z=3)
    correction = make.make_correction(task)
    consensus = make.make_consensus(task, corrections=[correction])
    make.make_verdict(consensus, dana)
    make.make_certificate(cube, opened)
    make.make_run(study)
    make.make_job(study)
    make.make_labels(cube)

    assert task.state == "retired"
    assert study.tasks.count() == 1
