"""Where a round has less than one audit in the mean, some rounds have one and others none."""

import pytest

from lamella.loop.selecting import DUE, audits_due
from lamella.rounds.models import Round
from lamella.studies.models import Study
from tests.factories import make_round, make_study

pytestmark = pytest.mark.django_db
CLOSED = Round.State.CLOSED


def drawn(study: Study, a_round: float, rounds: int) -> list[int]:
    counts = []
    for number in range(1, rounds + 1):
        due = audits_due(study, a_round)
        counts.append(int(due))
        make_round(study, number=number, state=CLOSED, selection={DUE: due - int(due)})
    return counts


@pytest.mark.parametrize("a_round", [0.15, 0.35, 0.7, 1.0, 2.4])
def test_over_many_rounds_there_are_as_many_as_asked_for(a_round: float) -> None:
    counts = drawn(make_study(), a_round, 20)
    assert sum(counts) == pytest.approx(20 * a_round + 1, abs=1)
    assert max(counts) - min(counts[1:]) <= 2


def test_the_first_round_with_proposals_has_one() -> None:
    study = make_study()
    make_round(study, number=0, selection={})
    assert audits_due(study, 0.1) >= 1


def test_a_study_without_audits_has_none() -> None:
    assert audits_due(make_study(), 0.0) == 0
