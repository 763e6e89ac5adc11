"""The blind audit is drawn when the target is in reach, and hardly before."""

from typing import Any

import numpy as np
import pytest

from lamella.cubes.models import Cube
from lamella.loop import reach
from lamella.loop.auditing import draw_blind, share_by_now
from lamella.loop.reach import certificate_is_due
from lamella.rounds.models import Round, Task
from lamella.rounds.services import open_round
from lamella.studies.models import Study
from models.config import BlindConfig
from tests.factories import (
    make_consensus,
    make_cube,
    make_proposal,
    make_round,
    make_study,
    make_task,
    make_version,
)

pytestmark = pytest.mark.django_db
CONFIG = BlindConfig(share=0.5, early=0.2, planned=0.08, last_rounds=4)


def test_little_is_drawn_blind_while_the_target_is_out_of_reach() -> None:
    assert share_by_now(0.01, 0.01, CONFIG, due=False) == pytest.approx(0.011)


def test_the_planned_share_is_drawn_in_a_few_rounds_once_it_is_in_reach() -> None:
    share, rounds = 0.002, 0
    while share < CONFIG.planned:
        share, rounds = share_by_now(share, 0.01, CONFIG, due=True), rounds + 1
    assert rounds == CONFIG.last_rounds
    assert share == CONFIG.planned


def test_beyond_the_planned_share_audits_go_on_as_usual() -> None:
    assert share_by_now(0.08, 0.01, CONFIG, due=True) == pytest.approx(0.085)


def test_a_study_without_audits_has_none_in_haste_either() -> None:
    assert share_by_now(0.0, 0.0, CONFIG, due=True) == 0.0


@pytest.fixture
def estimates(monkeypatch: pytest.MonkeyPatch) -> dict[tuple[int, str], float | None]:
    """What the audits over proposals are to say, by round and cube; nothing where it is not set."""
    told: dict[tuple[int, str], float | None] = {}

    class Figures:
        def __init__(self, dice: float | None) -> None:
            self.dice = dice

    def said(closing: Round, cube: Cube) -> Any:
        key = (closing.number, cube.name)
        return Figures(told[key]) if key in told else None

    monkeypatch.setattr(reach, "anchored_certificate", said)
    return told


def audited(study: Study, cube: Cube, number: int) -> None:
    closed = make_round(study, number=number, state=Round.State.CLOSED)
    make_task(cube, closed, kind=Task.Kind.AUDIT)


@pytest.mark.parametrize(
    ("before", "last", "due"),
    [(0.93, 0.96, False), (0.94, 0.96, True), (0.97, 0.92, False), (None, 0.94, False)],
)
def test_two_audited_rounds_together_must_look_as_good_as_the_target(
    estimates: dict[tuple[int, str], float | None], before: float | None, last: float, due: bool
) -> None:
    study = make_study(target_dice=0.95)
    cube = make_cube(study)
    for number in (0, 1, 2):
        audited(study, cube, number)
    estimates |= {(1, cube.name): before, (2, cube.name): last}
    assert certificate_is_due(study, [cube]) is due


def test_cubes_are_looked_at_together_for_each_has_few_audits(
    estimates: dict[tuple[int, str], float | None],
) -> None:
    study = make_study(target_dice=0.95)
    cubes = [make_cube(study, name="good"), make_cube(study, name="poor")]
    for number in (1, 2):
        audited(study, cubes[0], number)
        estimates |= {(number, "good"): 0.97, (number, "poor"): 0.92}
    assert not certificate_is_due(study, cubes)
    estimates[2, "poor"] = 0.95
    assert certificate_is_due(study, cubes)


def test_a_study_that_is_about_to_end_is_certified_whatever_its_quality() -> None:
    study = make_study(max_rounds=7)
    cube = make_cube(study)
    for number in (0, 1, 2):
        make_round(study, number=number, state=Round.State.CLOSED)
    assert not certificate_is_due(study, [cube]), "five rounds are left"
    make_round(study, number=3, state=Round.State.CLOSED)
    assert certificate_is_due(study, [cube]), "four are left"


def test_a_study_that_has_just_begun_is_not_in_reach(
    estimates: dict[tuple[int, str], float | None],
) -> None:
    study = make_study(target_dice=0.5)
    cube = make_cube(study)
    audited(study, cube, 1)
    estimates[1, cube.name] = 0.9
    assert not certificate_is_due(study, [cube])


def test_rounds_without_an_audit_are_passed_over(
    estimates: dict[tuple[int, str], float | None],
) -> None:
    study = make_study(target_dice=0.5)
    cube = make_cube(study)
    for number in (1, 3):
        audited(study, cube, number)
        make_round(study, number=number + 1, state=Round.State.CLOSED)
        estimates[number, cube.name] = 0.9
    assert certificate_is_due(study, [cube])


def test_no_blind_mask_has_a_say() -> None:
    """What is drawn blind must not decide when more is: chances would hang on who was drawn."""
    study = make_study(audit_share=0.5, settings={"blind": {"planned": 0.3}})
    cube = make_cube(study, shape=(8, 48, 48), pk=1)
    labels = np.zeros((8, 48, 48), dtype=np.uint8)
    labels[:, 8:30, 8:30] = 1
    proposal = make_proposal(cube, make_version(study, state="serving"), labels=labels)
    for number in (1, 2):
        chosen, record = draw_blind(study, [cube], {cube.pk: proposal}, due=True)
        opened = open_round(
            study,
            number=number,
            strategy="random",
            seed=1,
            chosen=chosen,
            proposals={cube.pk: proposal},
            selection={"blind": record},
        )
        for task in opened.tasks.all():
            rows = slice(task.y0, task.y0 + task.height)
            make_consensus(task, mask=labels[task.z, rows, task.x0 : task.x0 + task.width])
        Round.objects.filter(pk=opened.pk).update(state=Round.State.CLOSED)
    assert study.tasks.filter(blind=True).exists()
    assert not certificate_is_due(study, [cube])
