"""Skills: learned from finished tasks, kept in versions, used by what comes later."""

from typing import Any

import numpy as np
import pytest

from lamella.accounts.models import Volunteer
from lamella.annotation.counting import withdraw_all
from lamella.annotation.models import Correction
from lamella.consensus import learning
from lamella.consensus.compute import replay, unpack_probability
from lamella.consensus.learning import refresh_skills
from lamella.consensus.models import Consensus, Evidence, Skill, SkillVersion
from lamella.consensus.recounting import recount
from lamella.consensus.services import recompute
from lamella.consensus.snapshots import latest_version, snapshot
from lamella.cubes.models import Cube
from lamella.rounds.models import Round, Task
from lamella.volumes import codec
from models.crowd.skills import estimate
from tests.factories import (
    disk,
    make_correction,
    make_cube,
    make_round,
    make_study,
    make_task,
)
from tests.factories import make_volunteer as person

pytestmark = pytest.mark.django_db


@pytest.fixture
def cube() -> Cube:
    return make_cube(make_study(redundancy=3, settings={"aggregator": "skill"}))


@pytest.fixture
def round(cube: Cube) -> Round:
    return make_round(cube.study, 1)


def finish(cube: Cube, round: Round, z: int, people: list[Volunteer], empty: int = -1) -> Consensus:
    """A task that all people draw, one of them nothing."""
    task = make_task(cube, round, z=z)
    for index, volunteer in enumerate(people):
        mask = disk(task, radius=12 + index % 2)
        make_correction(task, volunteer, mask=np.zeros_like(mask) if index == empty else mask)
    Task.objects.filter(pk=task.pk).update(places_taken=3)
    made = recompute(task.pk)
    assert made is not None
    return made


def test_a_finished_task_is_learned_from_once(cube: Cube, round: Round) -> None:
    people = [person() for _ in range(3)]
    finish(cube, round, 0, people, empty=2)
    version = refresh_skills()
    assert version is not None
    assert version.tasks == 1
    assert refresh_skills() is None
    assert SkillVersion.objects.count() == 1
    known = snapshot(version, [p.pk for p in people])
    assert estimate(known.of(str(people[0].pk))).hit > estimate(known.of(str(people[2].pk))).hit


def test_a_consensus_names_the_skills_it_used_and_replays_from_its_corrections_alone(
    cube: Cube, round: Round
) -> None:
    people = [person() for _ in range(3)]
    finish(cube, round, 0, people, empty=2)
    refresh_skills()
    made = finish(cube, round, 1, people, empty=2)
    assert made.skills == latest_version()
    assert made.expected_error is not None
    finish(cube, round, 2, people, empty=2)
    refresh_skills()
    again = replay(Consensus.objects.get(pk=made.pk))
    assert again is not None
    assert codec.mask_hash(again.mask) == made.mask_hash
    assert again.probability == bytes(made.probability)
    assert again.risk == made.expected_error
    shape = (made.task.height, made.task.width)
    assert unpack_probability(again.probability, shape).max() <= 1


def test_skills_carry_over_to_another_study(cube: Cube, round: Round) -> None:
    people = [person() for _ in range(3)]
    finish(cube, round, 0, people)
    refresh_skills()
    other = make_cube(make_study("Other", redundancy=3, settings={"aggregator": "skill"}))
    made = finish(other, make_round(other.study, 1), 0, people)
    assert made.skills == latest_version()


def test_a_task_whose_masks_were_withdrawn_no_longer_tells_of_their_volunteer(
    cube: Cube, round: Round
) -> None:
    people = [person() for _ in range(3)]
    made = finish(cube, round, 0, people)
    refresh_skills()
    withdraw_all(people[0])
    recompute(made.task_id)
    assert refresh_skills() is not None
    assert not Evidence.objects.filter(volunteer=people[0]).exists()
    last = Skill.objects.filter(volunteer=people[0]).order_by("-version_id").first()
    assert last is not None
    assert last.tally == {}


def test_blind_tasks_teach_nothing(cube: Cube, round: Round) -> None:
    task = make_task(cube, round, blind=True, kind=Task.Kind.AUDIT)
    for _ in range(3):
        make_correction(task, mask=disk(task))
    Task.objects.filter(pk=task.pk).update(places_taken=3)
    recompute(task.pk)
    assert refresh_skills() is None


def test_a_study_by_majority_teaches_nothing(round: Round, cube: Cube) -> None:
    cube.study.settings = {"aggregator": "majority"}
    cube.study.save()
    finish(cube, round, 0, [person() for _ in range(3)])
    assert refresh_skills() is None


def practise(task: Task, volunteer: Volunteer, radius: int) -> Correction:
    return make_correction(task, volunteer, mask=disk(task, radius=radius))


@pytest.fixture
def gold(cube: Cube, monkeypatch: pytest.MonkeyPatch) -> Task:
    """A gold task; the experts drew a disk of radius 12."""
    task = make_task(cube, kind=Task.Kind.GOLD)
    monkeypatch.setattr(learning, "gold_mask", lambda _: disk(task, radius=12))
    return task


def test_gold_tells_of_everybody_apart_and_of_each_mask_once(gold: Task) -> None:
    alice, charlie = person(), person()
    practise(gold, alice, 12)
    assert refresh_skills() is not None
    kept = Evidence.objects.get(volunteer=alice)
    assert refresh_skills() is None
    practise(gold, charlie, 18)
    version = refresh_skills()
    assert version is not None
    assert Evidence.objects.get(volunteer=alice).created == kept.created
    assert Skill.objects.filter(version=version, volunteer=alice).count() == 0
    known = snapshot(version, [alice.pk, charlie.pk])
    wider = estimate(known.of(str(charlie.pk))).bias
    assert wider > estimate(known.of(str(alice.pk))).bias + 0.5


def test_a_gold_mask_that_was_withdrawn_no_longer_tells_anything(gold: Task) -> None:
    alice = person()
    practise(gold, alice, 18)
    refresh_skills()
    withdraw_all(alice)
    recount(gold.study_id, alice.pk)
    assert refresh_skills() is not None
    assert not Evidence.objects.filter(volunteer=alice).exists()
    last = Skill.objects.filter(volunteer=alice).order_by("-version_id").first()
    assert last is not None
    assert last.tally == {}
    assert refresh_skills() is None


def test_what_was_learned_from_is_not_read_again(
    cube: Cube, round: Round, django_assert_num_queries: Any
) -> None:
    for z in range(4):
        finish(cube, round, z, [person() for _ in range(3)])
    refresh_skills()
    # The studies, agreements, gold masks, and evidence that no longer stands.
    with django_assert_num_queries(4):
        assert refresh_skills() is None
