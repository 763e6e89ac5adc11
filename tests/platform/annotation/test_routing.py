"""Who is given what: hard tasks to the skilled, easy ones to newcomers, in one cheap query path."""

from typing import Any

import pytest
from django.utils import timezone

from lamella.accounts.models import Volunteer
from lamella.annotation.models import Ability, Assignment
from lamella.annotation.offers import next_assignment
from lamella.annotation.participation import note
from lamella.annotation.routing import Free, routed
from lamella.rounds.models import Round, Task
from lamella.studies.models import Study
from models.config import PracticeConfig
from models.crowd.skills import Tally, estimate
from tests.factories import make_cube, make_round, make_study, make_task, make_volunteer

pytestmark = pytest.mark.django_db


@pytest.fixture
def study() -> Study:
    return make_study(redundancy=3)


@pytest.fixture
def opened(study: Study) -> Round:
    return make_round(study, 1)


def able(tally: Tally) -> Volunteer:
    """A volunteer whom earlier tasks have told of."""
    found, volunteer = estimate(tally), make_volunteer()
    Ability.objects.create(
        volunteer=volunteer,
        hit=found.hit,
        false_alarm=found.false_alarm,
        spread=found.spread,
        edge=found.edge,
        tasks=found.weight,
        skill=found.hit - found.false_alarm,
    )
    return volunteer


def skilled() -> Volunteer:
    return able(Tally(found=90, missed=2, spared=80, invented=1, tasks=50))


def spammer() -> Volunteer:
    return able(Tally(missed=90, spared=30, invented=60, tasks=50))


def given(study: Study, volunteer: Volunteer) -> Task:
    found = next_assignment(study, volunteer, beyond_round=False)
    assert found is not None
    return found.task


@pytest.fixture
def tasks(opened: Round) -> list[Task]:
    """The first is worth most, the second is the hardest, the third the easiest."""
    cube = make_cube(opened.study)
    scores = (50.0, 90.0, 10.0)
    return [
        make_task(cube, opened, z, priority=9.0 - z, score=score) for z, score in enumerate(scores)
    ]


def free(task: Task) -> Free:
    return Free(*(getattr(task, name) for name in Free._fields))


def test_the_skilled_are_given_the_hardest_and_newcomers_the_easiest(
    study: Study, tasks: list[Task]
) -> None:
    assert given(study, skilled()) == tasks[1]
    assert given(study, make_volunteer()) == tasks[2]
    assert given(study, spammer()) == tasks[2]


def test_what_people_agree_on_so_far_says_more_than_what_selection_thought(
    study: Study, tasks: list[Task]
) -> None:
    Task.objects.filter(pk=tasks[2].pk).update(expected_error=0.48)
    Task.objects.filter(pk=tasks[1].pk).update(expected_error=0.01)
    assert given(study, skilled()) == tasks[2]
    assert given(study, make_volunteer()) == tasks[1]


def test_nobody_is_sent_where_two_may_settle_it_while_others_wait(
    study: Study, tasks: list[Task]
) -> None:
    taken = [given(study, skilled()) for _ in range(7)]
    assert [t.pk for t in taken[:2]] == [tasks[1].pk] * 2
    assert {t.pk for t in taken[:6]} == {t.pk for t in tasks}
    assert taken[6] == tasks[1], "when all have two, the hardest gets its third"


def test_hard_tasks_are_not_left_lying_when_only_newcomers_come(
    study: Study, tasks: list[Task]
) -> None:
    assert [given(study, make_volunteer()) for _ in range(9)].count(tasks[1]) == 3


def test_equals_are_given_in_the_order_of_their_value(study: Study, opened: Round) -> None:
    cube = make_cube(study)
    made = [make_task(cube, opened, z, priority=float(z), score=5.0) for z in range(3)]
    assert given(study, skilled()) == made[2]


def test_a_blind_tile_keeps_its_place(study: Study, tasks: list[Task]) -> None:
    blind = make_task(
        tasks[0].cube, tasks[0].round, 9, kind=Task.Kind.AUDIT, blind=True, priority=8.5, score=0.1
    )
    rows = [free(task) for task in (tasks[0], blind, tasks[1], tasks[2])]
    found = routed(study, rows, None)
    assert [row.id for row in found] == [tasks[2].pk, blind.pk, tasks[0].pk, tasks[1].pk]


def test_it_takes_no_more_queries_however_many_tasks_there_are(
    study: Study, opened: Round, django_assert_max_num_queries: Any
) -> None:
    cube = make_cube(study, shape=(400, 64, 64))
    for z in range(300):
        make_task(cube, opened, z, priority=float(z), score=float(z % 17))
    alice = skilled()
    with django_assert_max_num_queries(6):
        assert next_assignment(study, alice) is not None


def practised(study: Study, volunteer: Volunteer, slices: int) -> list[int]:
    """Which of so many slices were practice."""
    found = []
    for number in range(1, slices + 1):
        lease = next_assignment(study, volunteer)
        assert lease is not None
        Assignment.objects.filter(pk=lease.pk).update(
            state=Assignment.State.SUBMITTED, ended=timezone.now()
        )
        note(study.pk, volunteer.pk, seconds=1.0, practice=lease.practice)
        if lease.practice:
            found.append(number)
    return found


def test_practice_gets_rarer_with_skill_and_more_frequent_without(
    study: Study, opened: Round
) -> None:
    cube = make_cube(study, shape=(128, 64, 64))
    for z in range(60):
        make_task(cube, opened, z, redundancy=9)
    for z in range(70, 85):
        make_task(cube, None, z, kind=Task.Kind.GOLD)
    config = PracticeConfig()
    assert practised(study, make_volunteer(), 20) == [config.every, 2 * config.every]
    assert practised(study, spammer(), 10) == [config.doubted_every, 2 * config.doubted_every]
    (first,) = practised(study, skilled(), 45)
    assert config.every < first <= config.sure_every
