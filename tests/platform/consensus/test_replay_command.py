"""``manage.py replay``: every stored result is made again from what is stored with it."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from lamella.annotation.holding import quarantine
from lamella.consensus.learning import refresh_skills
from lamella.consensus.models import Consensus
from lamella.consensus.recounting import recount
from lamella.consensus.services import recompute
from lamella.rounds.models import Task
from lamella.studies.models import Study
from tests.factories import (
    disk,
    make_correction,
    make_cube,
    make_round,
    make_study,
    make_task,
    make_user,
    make_volunteer,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def study() -> Study:
    """Three tasks by three people, masks arriving one by one, skills learned in between; then one
    of them is put in quarantine, and the settings change."""
    study = make_study(redundancy=3)
    cube, opened = make_cube(study), make_round(study, 1)
    people = [make_volunteer() for _ in range(3)]
    for z in range(3):
        task = make_task(cube, opened, z)
        for index, person in enumerate(people):
            make_correction(task, person, mask=disk(task, radius=10 + 2 * index, dx=z))
            Task.objects.filter(pk=task.pk).update(places_taken=index + 1)
            recompute(task.pk)
        refresh_skills()
    quarantine(study, people[2], by=make_user("dana"))
    recount(study.pk, people[2].pk)
    Study.objects.filter(pk=study.pk).update(
        redundancy=7, settings={"crowd": {"risk": 0.4}, "aggregator": "majority"}
    )
    return study


def test_all_results_are_the_same_to_the_byte(study: Study) -> None:
    told = StringIO()
    call_command("replay", "--study", study.slug, stdout=told)
    assert Consensus.objects.count() >= 12
    assert f"{Consensus.objects.count()} of {Consensus.objects.count()} results" in told.getvalue()


def test_a_result_that_was_tampered_with_is_named(study: Study) -> None:
    one = Consensus.objects.order_by("pk")[3]
    Consensus.objects.filter(pk=one.pk).update(mask_hash="0" * 64)
    told = StringIO()
    with pytest.raises(CommandError, match="1 results could not be made again"):
        call_command("replay", "--study", study.slug, stdout=told)
    assert f"Consensus {one.pk} of task {one.task_id}: the mask is another one." in told.getvalue()


def test_an_unknown_study_is_one_sentence() -> None:
    with pytest.raises(CommandError, match="There is no study"):
        call_command("replay", "--study", "nowhere")
