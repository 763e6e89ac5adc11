"""Many volunteers at the same moment, each with a connection of their own."""

import threading
from collections import Counter

import pytest
from django.db import connection

from lamella.annotation.models import Assignment
from lamella.annotation.offers import next_assignment
from lamella.rounds.models import Task
from tests.factories import make_cube, make_round, make_study, make_task, make_volunteer

PEOPLE = 12


@pytest.mark.django_db(transaction=True)
def test_places_are_never_given_twice_however_many_ask_at_once() -> None:
    study = make_study(redundancy=2)
    opened = make_round(study, 1)
    cube = make_cube(study)
    for z in range(4):
        make_task(cube, opened, z, priority=float(-z))
    people = [make_volunteer() for _ in range(PEOPLE)]
    together = threading.Barrier(PEOPLE)
    faults: list[BaseException] = []

    def ask(index: int) -> None:
        try:
            together.wait(30)
            for _ in range(2):  # a double click asks twice
                next_assignment(study, people[index])
        except BaseException as fault:
            faults.append(fault)
        finally:
            connection.close()

    threads = [threading.Thread(target=ask, args=(i,)) for i in range(PEOPLE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert not faults
    leases = Counter(Assignment.objects.values_list("task_id", flat=True))
    assert sum(leases.values()) == 8
    assert set(leases.values()) == {2}
    assert all(t.places_taken == 2 for t in Task.objects.all())
    assert Assignment.objects.values("volunteer").distinct().count() == 8
