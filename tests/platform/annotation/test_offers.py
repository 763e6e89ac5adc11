"""Which task a volunteer is given, and that places are never given twice."""

from datetime import timedelta

import pytest
from django.utils import timezone

from lamella.accounts.models import Volunteer
from lamella.annotation.models import Assignment
from lamella.annotation.offers import expire_leases, next_assignment, release, renew
from lamella.rounds.models import Round, Task
from lamella.studies.models import Study, StudyState
from tests.factories import make_cube, make_round, make_study, make_task, make_volunteer

pytestmark = pytest.mark.django_db


@pytest.fixture
def study() -> Study:
    return make_study(redundancy=2)


@pytest.fixture
def opened(study: Study) -> Round:
    return make_round(study, 1)


def tasks(opened: Round, count: int) -> list[Task]:
    cube = make_cube(opened.study)
    return [make_task(cube, opened, z, priority=float(count - z)) for z in range(count)]


def test_the_most_valuable_task_comes_first(study: Study, opened: Round) -> None:
    first, *_ = tasks(opened, 3)
    found = next_assignment(study, make_volunteer())
    assert found is not None
    assert found.task == first


def test_a_volunteer_who_asks_again_gets_the_lease_they_hold(study: Study, opened: Round) -> None:
    tasks(opened, 3)
    alice = make_volunteer()
    assert next_assignment(study, alice) == next_assignment(study, alice)


def test_a_held_task_that_others_agreed_on_is_not_shown_again(study: Study, opened: Round) -> None:
    first, second = tasks(opened, 2)
    alice = make_volunteer()
    next_assignment(study, alice)
    Task.objects.filter(pk=first.pk).update(state=Task.State.RETIRED)
    found = next_assignment(study, alice)
    assert found is not None
    assert found.task == second


def test_a_task_has_no_more_takers_than_its_redundancy(study: Study, opened: Round) -> None:
    first, second = tasks(opened, 2)
    taken = [next_assignment(study, make_volunteer()) for _ in range(4)]
    assert [a.task for a in taken if a] == [first, first, second, second]
    assert next_assignment(study, make_volunteer(), beyond_round=False) is None


def test_nobody_is_given_a_task_again_after_handing_it_in(study: Study, opened: Round) -> None:
    seen = set()
    alice = make_volunteer()
    for task in tasks(opened, 3):
        found = next_assignment(study, alice)
        assert found is not None
        seen.add(found.task_id)
        Assignment.objects.filter(pk=found.pk).update(state=Assignment.State.SUBMITTED)
        assert task.pk in seen
    assert len(seen) == 3
    assert next_assignment(study, alice) is None


@pytest.mark.parametrize("state", [Task.State.RETIRED, Task.State.ACCEPTED])
def test_an_agreed_task_is_not_offered(study: Study, opened: Round, state: str) -> None:
    for task in tasks(opened, 2):
        Task.objects.filter(pk=task.pk).update(state=state)
    assert next_assignment(study, make_volunteer()) is None


@pytest.mark.parametrize("state", [StudyState.DRAFT, StudyState.PAUSED, StudyState.FINISHED])
def test_a_study_that_is_not_open_offers_nothing(
    study: Study, opened: Round, state: StudyState
) -> None:
    tasks(opened, 1)
    study.state = state
    assert next_assignment(study, make_volunteer()) is None


def test_a_paused_volunteer_is_offered_nothing(study: Study, opened: Round) -> None:
    tasks(opened, 1)
    assert next_assignment(study, make_volunteer(paused=True)) is None


def test_an_expired_lease_frees_its_place_once(study: Study, opened: Round) -> None:
    (task,) = tasks(opened, 1)
    alice, other = make_volunteer(), make_volunteer()
    lease = next_assignment(study, alice)
    assert lease is not None
    Assignment.objects.filter(pk=lease.pk).update(lease_until=timezone.now() - timedelta(1))
    assert expire_leases() == 1
    assert expire_leases() == 0
    task.refresh_from_db()
    assert task.places_taken == 0
    assert next_assignment(study, other) is not None


def test_who_left_a_task_may_take_the_same_assignment_up_again(study: Study, opened: Round) -> None:
    (task,) = tasks(opened, 1)
    alice = make_volunteer()
    lease = next_assignment(study, alice)
    assert lease is not None
    release(lease)
    again = next_assignment(study, alice)
    assert again == lease
    task.refresh_from_db()
    assert task.places_taken == 1


def test_a_lease_that_ran_out_cannot_be_renewed(study: Study, opened: Round) -> None:
    tasks(opened, 1)
    lease = next_assignment(study, make_volunteer())
    assert lease is not None
    assert renew(lease) is not None
    Assignment.objects.filter(pk=lease.pk).update(lease_until=timezone.now() - timedelta(1))
    assert renew(lease) is None


def test_when_all_tasks_are_taken_the_next_best_slice_is_added(study: Study, opened: Round) -> None:
    (task,) = tasks(opened, 1)
    region = [5, 0, 0, 64, 64]
    opened.selection = {"next_best": [{"cube": task.cube_id, "region": region, "score": 0.5}]}
    opened.save()
    first = [next_assignment(study, make_volunteer()) for _ in range(2)]
    assert {a.task for a in first if a} == {task}
    found = next_assignment(study, make_volunteer())
    assert found is not None
    assert (found.task.z, found.task.extra) == (5, True)
    # The round never grows beyond twice its size.
    for _ in range(4):
        next_assignment(study, make_volunteer())
    assert opened.tasks.count() == 2


def test_between_two_rounds_there_is_the_next_best_slice_as_well(
    study: Study, opened: Round
) -> None:
    (task,) = tasks(opened, 1)
    region = [5, 0, 0, 64, 64]
    Task.objects.filter(pk=task.pk).update(state=Task.State.RETIRED)
    Round.objects.filter(pk=opened.pk).update(
        state=Round.State.CLOSED,
        selection={"next_best": [{"cube": task.cube_id, "region": region}]},
    )
    found = next_assignment(study, make_volunteer())
    assert found is not None
    assert (found.task.z, found.task.extra) == (5, True)


def test_when_nothing_else_is_left_there_is_practice_on_gold(study: Study, opened: Round) -> None:
    cube = make_cube(study)
    gold = make_task(cube, None, 3, kind=Task.Kind.GOLD)
    alice = make_volunteer()
    found = next_assignment(study, alice)
    assert found is not None
    assert found.task == gold
    assert found.practice
    gold.refresh_from_db()
    assert gold.places_taken == 0


def test_another_study_is_never_touched(study: Study, opened: Round) -> None:
    other = make_study("Brain 1")
    tasks(make_round(other, 1), 2)
    assert next_assignment(study, make_volunteer()) is None
    assert not Volunteer.objects.filter(assignments__isnull=False).exists()
