"""Effort saved: human seconds against drawing every slice from nothing once."""

import pytest

from lamella.loop.effort import effort_from, totals_of
from lamella.rounds.models import Task
from tests.factories import make_correction, make_cube, make_round, make_study, make_task

pytestmark = pytest.mark.django_db


def test_it_is_measured_from_blind_tiles_each_standing_for_those_not_drawn() -> None:
    study = make_study()
    cube = make_cube(study, shape=(10, 64, 64))
    opened = make_round(study, 1)
    for z, (inclusion, seconds) in enumerate([(0.1, 2.0), (0.1, 2.0), (0.5, 10.0), (0.5, 10.0)]):
        task = make_task(
            cube,
            opened,
            z,
            kind=Task.Kind.AUDIT,
            blind=True,
            height=32,
            width=32,
            inclusion=inclusion,
        )
        make_correction(task, active_seconds=seconds)
    totals = totals_of(study)
    effort, people = effort_from(totals, [cube]), totals["people"]
    # 2 s stand for 10 tiles each, 10 s for 2: (20 + 20 + 20 + 20) s over 24 tiles, of 40 in all.
    everything = 80 / 24 * 40
    assert effort.saved == pytest.approx(1 - 24 / everything)
    assert effort.low is not None
    assert effort.high is not None
    assert effort.saved is not None
    assert effort.low < effort.saved < effort.high
    assert (effort.measured_on, people) == (4, 4)


def test_two_blind_masks_measure_nothing() -> None:
    study = make_study()
    cube = make_cube(study)
    opened = make_round(study, 1)
    for z in range(2):
        make_correction(make_task(cube, opened, z, kind=Task.Kind.AUDIT, blind=True))
    assert effort_from(totals_of(study), [cube]).saved is None
