"""Masks that no longer count: what rests on them is worked out anew, and managers' words stand."""

import numpy as np
import pytest

from lamella.accounts.models import User, Volunteer
from lamella.annotation.counting import withdraw, withdraw_all
from lamella.annotation.holding import let_go, quarantine
from lamella.annotation.models import Ability, Assignment, Correction
from lamella.consensus import services
from lamella.consensus.compute import replay
from lamella.consensus.learning import refresh_skills
from lamella.consensus.models import Consensus, Contested, Evidence
from lamella.consensus.recounting import recount
from lamella.consensus.services import recompute
from lamella.jobs.models import Job
from lamella.rounds.models import Task
from lamella.volumes import codec
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
def dana() -> User:
    return make_user("dana")


@pytest.fixture
def people() -> list[Volunteer]:
    return [make_volunteer() for _ in range(3)]


@pytest.fixture
def task(people: list[Volunteer]) -> Task:
    """Three people drew it, the last nothing; it is agreed on."""
    study = make_study(redundancy=3)
    task = make_task(make_cube(study), make_round(study, 1))
    for index, person in enumerate(people):
        mask = disk(task, radius=12 + index)
        make_correction(task, person, mask=np.zeros_like(mask) if index == 2 else mask)
    Task.objects.filter(pk=task.pk).update(places_taken=3)
    assert recompute(task.pk) is not None
    task.refresh_from_db()
    assert task.state == Task.State.RETIRED
    return task


def current(task: Task) -> Consensus:
    return task.consensuses.get(current=True)


def test_when_all_masks_are_withdrawn_somebody_else_is_offered_the_task(
    task: Task, people: list[Volunteer]
) -> None:
    for person in people:
        withdraw_all(person)
        recount(task.study_id, person.pk)
    task.refresh_from_db()
    assert task.state == Task.State.OPEN
    assert task.places_taken == 0
    assert not task.consensuses.filter(current=True).exists()
    assert not Assignment.objects.filter(task=task, holds_place=True).exists()


def test_a_managers_drawing_stands_whoever_withdraws(
    task: Task, people: list[Volunteer], dana: User
) -> None:
    services.fix(current(task), dana, disk(task, radius=4))
    withdraw_all(people[0])
    recount(task.study_id, people[0].pk)
    assert current(task).fixed_by == dana
    task.refresh_from_db()
    assert task.state == Task.State.ACCEPTED


def test_what_a_manager_accepted_and_changes_comes_back_to_the_queue_and_leaves_it_again(
    task: Task, people: list[Volunteer], dana: User
) -> None:
    services.accept(current(task), dana)
    quarantine(task.study, people[0], reason="Looks odd.", by=dana)
    recount(task.study_id, people[0].pk)
    task.refresh_from_db()
    assert task.state == Task.State.ACCEPTED
    assert current(task).needs_review
    let_go(task.study, people[0].pk, by=dana)
    recount(task.study_id, people[0].pk)
    assert not current(task).needs_review
    task.refresh_from_db()
    assert task.state == Task.State.ACCEPTED


def test_what_an_open_task_taught_is_forgotten_until_it_is_agreed_again(
    task: Task, people: list[Volunteer], dana: User
) -> None:
    refresh_skills()
    before = Ability.objects.get(volunteer=people[0])
    assert before.tasks == 1
    verdict = services.send_back(current(task), dana, "Mind the rim.")
    assert refresh_skills() is not None
    assert not Evidence.objects.exists()
    assert Ability.objects.get(volunteer=people[0]).tasks == 0
    services.undo(verdict, dana)
    refresh_skills()
    after = Ability.objects.get(volunteer=people[0])
    assert (after.tasks, after.skill) == (1, before.skill)


def test_a_managers_drawing_teaches_who_was_right(
    task: Task, people: list[Volunteer], dana: User
) -> None:
    refresh_skills()
    believed = [Ability.objects.get(volunteer=p).skill for p in people]
    assert believed[0] > believed[2]
    # There was nothing: the two who agreed were wrong.
    services.fix(current(task), dana, np.zeros_like(disk(task)))
    assert refresh_skills() is not None
    found = [Ability.objects.get(volunteer=p).skill for p in people]
    assert found[2] > found[0]


def test_a_replay_has_the_same_decision_whatever_changed_since(task: Task) -> None:
    made = current(task)
    Task.objects.filter(pk=task.pk).update(redundancy=9)
    task.study.settings = {"crowd": {"risk": 0.5, "early": 3}}
    task.study.save()
    again = replay(Consensus.objects.get(pk=made.pk))
    assert again is not None
    assert codec.mask_hash(again.mask) == made.mask_hash
    assert again.probability == bytes(made.probability)
    assert (again.action, again.reason, again.risk, again.agreement) == (
        made.action,
        made.reason,
        made.expected_error,
        made.agreement,
    )


def test_a_withdrawn_mask_still_replays_what_it_once_made(
    task: Task, people: list[Volunteer]
) -> None:
    made = current(task)
    withdraw_all(people[0])
    recount(task.study_id, people[0].pk)
    again = replay(Consensus.objects.get(pk=made.pk))
    assert again is not None
    assert codec.mask_hash(again.mask) == made.mask_hash


def test_a_damaged_mask_is_named_and_the_others_count(people: list[Volunteer]) -> None:
    study = make_study(redundancy=3)
    task = make_task(make_cube(study), make_round(study, 1))
    for person in people:
        make_correction(task, person, mask=disk(task))
    small = np.ones((5, 5), np.uint8)
    bad = Correction.objects.get(volunteer=people[1])
    Correction.objects.filter(pk=bad.pk).update(mask=codec.pack(small))
    made = recompute(task.pk)
    assert made is not None
    np.testing.assert_array_equal(codec.unpack(bytes(made.mask), dtype=np.uint8), disk(task))
    (sentence,) = made.left_out
    assert f"volunteer {str(people[1].pk)[:8]} in task {task.pk} was left out" in sentence
    # Nor does it stop what others learn from it.
    Task.objects.filter(pk=task.pk).update(state=Task.State.RETIRED)
    assert refresh_skills() is not None
    assert Ability.objects.filter(volunteer=people[0]).exists()


def test_where_no_mask_can_be_read_others_are_asked(people: list[Volunteer]) -> None:
    study = make_study(redundancy=1)
    task = make_task(make_cube(study), make_round(study, 1))
    made = make_correction(task, people[0])
    Task.objects.filter(pk=task.pk).update(places_taken=1)
    Correction.objects.filter(pk=made.pk).update(mask=b"broken")
    assert recompute(task.pk) is None
    task.refresh_from_db()
    assert (task.state, task.redundancy) == (Task.State.OPEN, 2)


def test_objects_that_people_differ_on_are_kept_until_they_are_settled(
    people: list[Volunteer],
) -> None:
    study = make_study(redundancy=3, settings={"crowd": {"risk": 0.0}})
    task = make_task(make_cube(study), make_round(study, 1))
    two = disk(task, radius=6, dx=-16) + disk(task, radius=6, dx=16)
    make_correction(task, people[0], mask=two)
    recompute(task.pk)
    assert not Contested.objects.exists(), "one person alone contests nothing"
    make_correction(task, people[1], mask=disk(task, radius=6, dx=-16))
    made = recompute(task.pk)
    (found,) = Contested.objects.all()
    assert (found.consensus, found.study, found.drawn, found.views) == (made, study, 1, 2)
    assert abs(found.x - 48) < 1
    assert 0.2 <= found.doubt <= 1
    task.refresh_from_db()
    assert task.expected_error == pytest.approx(made.expected_error if made else None)


def test_undoing_it_all_leaves_one_job_a_study_however_many_masks(
    task: Task, people: list[Volunteer]
) -> None:
    other = make_task(task.cube, task.round, z=1)
    mask = make_correction(other, people[0])
    withdraw(mask)
    withdraw_all(people[0])
    assert Job.objects.filter(kind="recount", state="queued").count() == 1
