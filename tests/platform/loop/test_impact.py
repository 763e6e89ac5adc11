"""What became of a cube while somebody worked on it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from lamella.accounts.models import Volunteer
from lamella.annotation.models import Correction
from lamella.cubes.models import Cube
from lamella.loop.impact import Impact, impact_of
from lamella.rounds.models import Certificate
from tests import factories as make

pytestmark = pytest.mark.django_db

NOW = timezone.now()


def certified(cube: Cube, number: int, days_ago: float, **figures: object) -> None:
    closed = make.make_round(cube.study, number, state="closed")
    proposal = make.make_proposal(cube)
    made = make.make_certificate(cube, closed, proposal, **figures)
    Certificate.objects.filter(pk=made.pk).update(created=NOW - timedelta(days=days_ago))


@pytest.fixture
def work() -> tuple[Volunteer, Cube]:
    """Alice handed in three slices of a cube, the first ten days ago."""
    alice = make.make_volunteer(make.make_user("alice"))
    cube = make.make_cube(make.make_study(), "liver")
    for z in range(3):
        made = make.make_correction(make.make_task(cube, None, z=z), alice)
        Correction.objects.filter(pk=made.pk).update(created=NOW - timedelta(days=10 - z))
    return alice, cube


def test_quality_before_and_after_stands_beside_the_slices(work: tuple[Volunteer, Cube]) -> None:
    alice, cube = work
    certified(cube, 1, 12, dice=0.88, low=0.8, high=0.9, blind=30)
    certified(cube, 2, 11, dice=0.91, low=0.88, high=0.93, blind=30)
    certified(cube, 3, 1, dice=0.93, low=0.92, high=0.95, blind=30)
    assert impact_of(cube.study, alice) == Impact("liver", 3, 0.91, 0.93)


def test_a_first_idea_is_not_held_against_a_certificate(work: tuple[Volunteer, Cube]) -> None:
    alice, cube = work
    certified(cube, 1, 12, dice=0.95, low=0.0, high=0.99, blind=0)
    certified(cube, 2, 1, dice=0.92, low=0.9, high=0.94, blind=30)
    assert impact_of(cube.study, alice) == Impact("liver", 3, None, None)


def test_what_was_measured_before_alone_says_nothing(work: tuple[Volunteer, Cube]) -> None:
    alice, cube = work
    certified(cube, 1, 12, dice=0.91, low=0.88, high=0.93, blind=30)
    assert impact_of(cube.study, alice) == Impact("liver", 3, None, None)


def test_practice_and_strangers_have_none(work: tuple[Volunteer, Cube]) -> None:
    _, cube = work
    assert impact_of(cube.study, None) is None
    assert impact_of(cube.study, make.make_volunteer()) is None
