"""Whom a study thanks."""

import pytest
from django.utils import timezone

from lamella.annotation.credits import credits_of
from lamella.annotation.models import Correction
from tests import factories as make

pytestmark = pytest.mark.django_db


def test_people_are_thanked_by_the_name_they_gave_and_the_others_are_counted() -> None:
    alice = make.make_user("alice", credit_name="Alice B.")
    charlie = make.make_user("charlie")
    study = make.make_study(alice=alice)
    cube = make.make_cube(study)
    opened = make.make_round(study, 1)
    for z, volunteer in enumerate(
        [make.make_volunteer(alice), make.make_volunteer(charlie), make.make_volunteer()]
    ):
        for twice in (0, 4):
            make.make_correction(make.make_task(cube, opened, z=z + twice), volunteer)
    elsewhere = make.make_user("bob", credit_name="Bob")
    other = make.make_cube(make.make_study("other", bob=elsewhere))
    make.make_correction(make.make_task(other, None), make.make_volunteer(elsewhere))
    found = credits_of(study)
    assert (found.names, found.others) == (["Alice B."], 2)


def test_whoever_withdrew_their_marks_is_not_named() -> None:
    alice = make.make_user("alice", credit_name="Alice B.")
    study = make.make_study(alice=alice)
    task = make.make_task(make.make_cube(study), make.make_round(study, 1))
    make.make_correction(task, make.make_volunteer(alice))
    Correction.objects.update(withdrawn=timezone.now())
    assert credits_of(study).names == []
