"""What volunteers wish for, and that practice is mixed in."""

import pytest
from django.utils import timezone

from lamella.accounts.models import Volunteer
from lamella.annotation.models import Assignment
from lamella.annotation.offers import next_assignment
from lamella.annotation.participation import note
from lamella.annotation.wishes import Wish
from lamella.rounds.models import Round, Task
from lamella.studies.models import Study
from models.config import PracticeConfig
from tests.factories import make_cube, make_round, make_study, make_task, make_volunteer

pytestmark = pytest.mark.django_db


@pytest.fixture
def study() -> Study:
    return make_study(redundancy=1)


@pytest.fixture
def opened(study: Study) -> Round:
    return make_round(study, 1)


def hand_in(study: Study, volunteer: Volunteer, wish: Wish = Wish.BEST) -> Assignment:
    """The next task, taken and done with."""
    found = next_assignment(study, volunteer, wish=wish)
    assert found is not None
    found.state = Assignment.State.SUBMITTED
    found.ended = timezone.now()
    found.save()
    note(study.pk, volunteer.pk, seconds=1.0, practice=found.practice)
    return found


def test_an_easy_slice_is_the_one_that_is_worth_least(study: Study, opened: Round) -> None:
    cube = make_cube(study)
    made = [make_task(cube, opened, z, priority=float(z)) for z in range(3)]
    assert hand_in(study, make_volunteer(), Wish.EASY).task == made[0]
    assert hand_in(study, make_volunteer()).task == made[2]


def test_a_familiar_slice_is_of_the_cube_of_the_last_one(study: Study, opened: Round) -> None:
    liver, heart = make_cube(study, "liver"), make_cube(study, "heart")
    first = make_task(liver, opened, 0, priority=9.0)
    make_task(heart, opened, 0, priority=8.0)
    make_task(liver, opened, 1, priority=1.0)
    alice = make_volunteer()
    assert hand_in(study, alice, Wish.FAMILIAR).task == first
    assert hand_in(study, alice, Wish.FAMILIAR).task.cube == liver
    # Nothing of it is left: any other will do.
    assert hand_in(study, alice, Wish.FAMILIAR).task.cube == heart


def test_no_wish_moves_a_blind_task(study: Study, opened: Round) -> None:
    cube = make_cube(study)
    blind = make_task(cube, opened, 0, kind=Task.Kind.AUDIT, blind=True, priority=0.0)
    easy = make_task(cube, opened, 1, priority=1.0)
    assert hand_in(study, make_volunteer(), Wish.EASY).task == easy
    assert blind.assignments.count() == 0


def test_one_slice_in_ten_is_practice(study: Study, opened: Round) -> None:
    cube = make_cube(study, shape=(64, 64, 64))
    for z in range(25):
        make_task(cube, opened, z, priority=float(25 - z))
    for z in range(40, 44):
        make_task(cube, None, z, kind=Task.Kind.GOLD)
    alice = make_volunteer()
    practice = [hand_in(study, alice).practice for _ in range(22)]
    assert [n for n, each in enumerate(practice, start=1) if each] == [
        PracticeConfig().every,
        2 * PracticeConfig().every,
    ]


def test_without_gold_the_work_goes_on(study: Study, opened: Round) -> None:
    cube = make_cube(study, shape=(64, 64, 64))
    for z in range(15):
        make_task(cube, opened, z, priority=float(15 - z))
    alice = make_volunteer()
    assert not any(hand_in(study, alice).practice for _ in range(12))
