"""Who is given a tile to draw from nothing, and when; and that its payload shows no proposal."""

from datetime import timedelta

import numpy as np
import pytest
from django.utils import timezone

from lamella.accounts.models import User, Volunteer
from lamella.annotation.known import known_of
from lamella.annotation.models import Participation
from lamella.annotation.offers import next_assignment
from lamella.annotation.payload import payload_of
from lamella.annotation.proven import Standing, standing
from lamella.rounds.models import Round, Task
from lamella.studies.models import Study
from tests.factories import make_cube, make_round, make_study, make_task, make_user, make_volunteer

pytestmark = pytest.mark.django_db


@pytest.fixture
def study() -> Study:
    return make_study(alice=make_user("alice"), dana=make_user("dana"), redundancy=2)


@pytest.fixture
def opened(study: Study) -> Round:
    return make_round(study, 1)


@pytest.fixture
def blind(opened: Round) -> Task:
    cube = make_cube(opened.study, voxels=np.zeros((16, 64, 64), np.uint8))
    make_task(cube, opened, 3, priority=1.0)
    return make_task(
        cube, opened, 5, kind=Task.Kind.AUDIT, blind=True, priority=9.0, height=16, width=16
    )


def given(study: Study, volunteer: Volunteer) -> Task | None:
    found = next_assignment(study, volunteer, beyond_round=False)
    return found.task if found else None


def volunteer_of(name: str) -> Volunteer:
    return make_volunteer(User.objects.get(username=name))


def test_a_manager_is_given_blind_tiles_first(study: Study, blind: Task) -> None:
    assert given(study, volunteer_of("dana")) == blind


def test_a_member_is_given_them_last(study: Study, blind: Task) -> None:
    task = given(study, volunteer_of("alice"))
    assert task is not None
    assert not task.blind


def test_a_newcomer_is_not_given_them_even_when_nothing_else_is_left(
    study: Study, blind: Task
) -> None:
    charlie = make_volunteer()
    first = next_assignment(study, charlie, beyond_round=False)
    assert first is not None
    assert not first.task.blind
    Task.objects.filter(blind=False).update(state=Task.State.RETIRED)
    assert given(study, charlie) is None


def test_after_a_while_anybody_may_take_what_nobody_took(study: Study, blind: Task) -> None:
    Task.objects.filter(blind=False).update(state=Task.State.RETIRED)
    Task.objects.filter(pk=blind.pk).update(created=timezone.now() - timedelta(hours=2))
    assert given(study, make_volunteer()) == blind


def test_where_there_is_gold_a_member_first_proves_themselves(study: Study, blind: Task) -> None:
    make_task(blind.cube, None, 9, kind=Task.Kind.GOLD)
    alice = volunteer_of("alice")
    mine = Participation.objects.create(study=study, volunteer=alice, practised=2, practice_dice=1)

    def now() -> Standing:
        return standing(study, known_of(study, alice))

    assert now() == Standing.NEWCOMER
    Participation.objects.filter(pk=mine.pk).update(practised=3, practice_dice=0.84)
    assert now() == Standing.NEWCOMER
    Participation.objects.filter(pk=mine.pk).update(practice_dice=0.86)
    assert now() == Standing.PROVEN
    assert given(study, alice) == blind


def test_a_blind_tile_shows_no_proposal_and_no_doubt(study: Study, blind: Task) -> None:
    found = next_assignment(study, volunteer_of("dana"))
    assert found is not None
    payload = payload_of(found)
    assert payload.proposal.origin == "none"
    assert payload.doubtful == []
    assert (payload.height, payload.width) == (16, 16)
