"""Holding somebody back: reversible, and nothing is ever lost."""

import uuid
from typing import Any

import numpy as np
import pytest

from lamella.accounts.models import User, Volunteer
from lamella.annotation.counting import withdraw
from lamella.annotation.holding import HoldError, held_back, let_go, quarantine
from lamella.annotation.models import Assignment, Correction, Participation, Quarantine
from lamella.annotation.offers import next_assignment
from lamella.annotation.submission import Submission, submit
from lamella.consensus.recounting import recount
from lamella.consensus.services import recompute
from lamella.jobs.models import Job
from lamella.rounds.models import Round, Task
from lamella.studies.models import Study
from lamella.volumes import codec
from tests.factories import (
    disk,
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
    return make_study(redundancy=2)


@pytest.fixture
def opened(study: Study) -> Round:
    return make_round(study, 1)


@pytest.fixture
def dana() -> User:
    return make_user("dana")


def tasks(opened: Round, count: int) -> list[Task]:
    cube = make_cube(opened.study, shape=(max(count, 2), 64, 64))
    return [make_task(cube, opened, z, priority=float(count - z)) for z in range(count)]


def hand_in(study: Study, volunteer: Volunteer, mask: Any = None, **changes: Any) -> Correction:
    """The next task, handed in; unedited where no mask is given."""
    lease = next_assignment(study, volunteer, beyond_round=False)
    assert lease is not None
    shown = np.zeros((lease.task.height, lease.task.width), np.uint8)
    drawn = shown if mask is None else mask
    fields: dict[str, Any] = {
        "id": uuid.uuid4(),
        "proposal_hash": codec.mask_hash(shown),
        "mask_hash": codec.mask_hash(drawn),
        "difference": codec.pack(codec.xor(drawn, shown)),
        "active_seconds": 20.0,
        "strokes": 3,
        "consent_version": "1",
    }
    return submit(lease, Submission(**{**fields, **changes}))[0]


def test_a_bot_that_accepts_a_hundred_in_a_minute_is_stopped_and_its_tasks_asked_again(
    study: Study, opened: Round, dana: User
) -> None:
    made = tasks(opened, 100)
    bot, alice = make_volunteer(), make_volunteer()
    honest = hand_in(study, alice, disk(made[0]))
    accepted = 0
    while next_assignment(study, bot, beyond_round=False):
        hand_in(study, bot, active_seconds=0.3)
        accepted += 1
    # It was stopped long before the end.
    assert accepted == 30
    hold = held_back(study.pk, bot.pk)
    assert hold is not None
    assert (hold.automatic, hold.by) == (True, None)
    assert hold.reason == "30 masks were handed in unedited within 60 seconds."
    # Nothing is lost, nothing counts, every place is free again.
    theirs = Correction.objects.filter(volunteer=bot)
    assert theirs.count() == 30
    assert not theirs.counting().exists()
    assert recount(study.pk, bot.pk) == 30
    found = Task.objects.get(pk=honest.task_id)
    assert (found.state, found.places_taken) == (Task.State.OPEN, 1)
    assert not Task.objects.exclude(pk=found.pk).filter(places_taken__gt=0).exists()
    assert Job.objects.filter(kind="recount").count() == 1
    # Dana says that it was a person after all: everything counts again.
    let_go(study, bot.pk, by=dana)
    assert theirs.counting().count() == 30
    recount(study.pk, bot.pk)
    assert (
        Task.objects.filter(places_taken=1).count()
        + 2 * Task.objects.filter(places_taken=2).count()
        == 31
    )
    assert next_assignment(study, bot) is not None
    with pytest.raises(HoldError, match="not in quarantine"):
        let_go(study, bot.pk, by=dana)


def test_a_retired_task_is_asked_again_and_retires_as_before_once_they_are_let_go(
    study: Study, opened: Round, dana: User
) -> None:
    (task,) = tasks(opened, 1)
    alice, charlie = make_volunteer(), make_volunteer()
    hand_in(study, alice, disk(task))
    hand_in(study, charlie, disk(task, radius=11))
    before = recompute(task.pk)
    assert before is not None
    assert before.action == "retire"
    quarantine(study, charlie, reason="Looks odd.", by=dana)
    recount(study.pk, charlie.pk)
    task.refresh_from_db()
    assert (task.state, task.places_taken, task.redundancy) == (Task.State.OPEN, 1, 2)
    assert task.consensuses.get(current=True).corrections == before.corrections[:1]
    assert next_assignment(study, make_volunteer()) is not None
    let_go(study, charlie.pk, by=dana)
    recount(study.pk, charlie.pk)
    task.refresh_from_db()
    now = task.consensuses.get(current=True)
    assert task.state == Task.State.RETIRED
    assert (now.corrections, now.mask_hash) == (before.corrections, before.mask_hash)


def test_in_quarantine_one_is_given_practice_alone_and_what_comes_in_does_not_count(
    study: Study, opened: Round, dana: User
) -> None:
    made = tasks(opened, 3)
    alice = make_volunteer()
    lease = next_assignment(study, alice)
    assert lease is not None
    quarantine(study, alice, reason="Looks odd.", by=dana)
    made[0].refresh_from_db()
    assert made[0].places_taken == 0
    assert next_assignment(study, alice) is None
    gold = make_task(made[0].cube, None, 1, kind=Task.Kind.GOLD)
    practice = next_assignment(study, alice)
    assert practice is not None
    assert practice.task == gold
    shown = np.zeros((64, 64), np.uint8)
    late, _ = submit(
        Assignment.objects.get(pk=lease.pk),
        Submission(
            id=uuid.uuid4(),
            proposal_hash=codec.mask_hash(shown),
            mask_hash=codec.mask_hash(shown),
            difference=codec.pack(shown),
            active_seconds=3,
            strokes=0,
            consent_version="1",
        ),
    )
    assert late.quarantine is not None
    made[0].refresh_from_db()
    assert made[0].places_taken == 0
    assert recompute(made[0].pk) is None


def test_nobody_is_put_in_quarantine_twice(study: Study, opened: Round, dana: User) -> None:
    tasks(opened, 1)
    alice = make_volunteer()
    quarantine(study, alice, reason="Looks odd.", by=dana)
    with pytest.raises(HoldError, match="already"):
        quarantine(study, alice, by=dana)
    let_go(study, alice.pk, by=dana)
    quarantine(study, alice, by=dana)
    assert [bool(q.lifted) for q in Quarantine.objects.order_by("pk")] == [True, False]


def test_another_study_is_untouched(study: Study, opened: Round, dana: User) -> None:
    tasks(opened, 1)
    other = make_round(make_study("Brain 1", redundancy=2), 1)
    tasks(other, 1)
    alice = make_volunteer()
    elsewhere = hand_in(other.study, alice)
    quarantine(study, alice, reason="Looks odd.", by=dana)
    elsewhere.refresh_from_db()
    assert elsewhere.quarantine is None


def test_withdrawing_one_mask_frees_its_place_and_leaves_the_others(
    study: Study, opened: Round
) -> None:
    tasks(opened, 2)
    alice = make_volunteer()
    first, second = hand_in(study, alice), hand_in(study, alice)
    assert withdraw(first)
    assert not withdraw(first)
    assert [t.places_taken for t in Task.objects.order_by("z")] == [0, 1]
    assert Correction.objects.counting().get() == second


def test_what_somebody_hands_in_is_counted(study: Study, opened: Round) -> None:
    made = tasks(opened, 8)
    alice, charlie = make_volunteer(), make_volunteer()
    hand_in(study, alice, disk(made[0]))
    hand_in(study, charlie, disk(made[0]))  # voxel by voxel the same: a copy
    hand_in(study, alice, disk(made[0]))  # her own once more
    hand_in(study, alice, np.ones((64, 64), np.uint8))
    hand_in(study, alice, active_seconds=0.4)
    hand_in(study, alice, active_seconds=900.0)  # she cannot have looked that long
    hers = Participation.objects.get(volunteer=alice)
    assert (hers.corrections, hers.unedited, hers.quick, hers.floods, hers.copies) == (
        5,
        2,
        2,
        1,
        1,
    )
    assert Participation.objects.get(volunteer=charlie).copies == 1


def test_where_the_guard_is_off_nobody_is_stopped(opened: Round) -> None:
    study = opened.study
    study.settings = {"guard": {"accepts": 0}}
    study.save()
    tasks(opened, 40)
    alice = make_volunteer()
    for _ in range(40):
        hand_in(study, alice)
    assert not Quarantine.objects.exists()
