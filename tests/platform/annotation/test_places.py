"""Both ways of filling a place do the same."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection
from django.utils import timezone

from lamella.annotation import places
from lamella.annotation.models import Assignment
from lamella.rounds.models import Task
from tests.factories import make_cube, make_round, make_study, make_task, make_volunteer

pytestmark = pytest.mark.django_db(transaction=True)

Way = Callable[[Assignment], bool]


@pytest.fixture(params=["_in_a_transaction", "_in_one_statement"])
def way(request: pytest.FixtureRequest) -> Way:
    if request.param == "_in_one_statement" and connection.vendor != "postgresql":
        pytest.skip("PostgreSQL alone does it in one statement.")
    found: Way = getattr(places, request.param)
    return found


@pytest.fixture
def task() -> Task:
    study = make_study(redundancy=2)
    return make_task(make_cube(study), make_round(study, 1), 0)


def wanted(task: Task) -> Assignment:
    until = timezone.now() + timedelta(minutes=10)
    return Assignment(task=task, volunteer=make_volunteer(), lease_until=until)


def test_a_free_place_is_filled_with_a_whole_lease(task: Task, way: Way) -> None:
    made = wanted(task)
    assert way(made)
    task.refresh_from_db()
    assert task.places_taken == 1
    kept = Assignment.objects.get()
    assert (kept.pk, kept.volunteer, kept.lease_until) == (
        made.pk,
        made.volunteer,
        made.lease_until,
    )
    assert (kept.state, kept.practice, kept.holds_place, kept.ended) == (
        "leased",
        False,
        True,
        None,
    )
    assert abs(kept.created - timezone.now()) < timedelta(minutes=1)
    # What was made here is the row, and can go on being one.
    made.practice = True
    made.save()
    assert Assignment.objects.get().practice


def test_where_no_place_is_free_nothing_changes(task: Task, way: Way) -> None:
    assert [way(wanted(task)) for _ in range(3)] == [True, True, False]
    task.refresh_from_db()
    assert (task.places_taken, Assignment.objects.count()) == (2, 2)


def test_a_task_that_is_agreed_on_takes_nobody(task: Task, way: Way) -> None:
    Task.objects.update(state=Task.State.RETIRED)
    assert not way(wanted(task))
    assert not Assignment.objects.exists()


def test_whoever_has_the_task_already_fills_no_second_place(task: Task, way: Way) -> None:
    first = wanted(task)
    again = Assignment(task=task, volunteer=first.volunteer, lease_until=first.lease_until)
    assert way(first)
    with pytest.raises(IntegrityError):
        way(again)
    assert places.lease(task.pk, first.volunteer, first.lease_until) is None
    task.refresh_from_db()
    assert task.places_taken == 1
