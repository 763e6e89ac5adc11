"""A quality is shown only where the audit can tell one."""

import pytest

from lamella.loop.overview import of_study
from lamella.rounds.models import Certificate
from tests.factories import make_cube, make_proposal, make_round, make_study

pytestmark = pytest.mark.django_db


def certificate(low: float | None, high: float | None) -> Certificate | None:
    study = make_study()
    cube = make_cube(study)
    Certificate.objects.create(
        cube=cube,
        round=make_round(study, 1),
        proposal=make_proposal(cube),
        method="audit",
        dice=0.999,
        low=low,
        high=high,
        tasks=1,
    )
    return of_study(study).worst


def test_one_audited_slice_shows_no_quality() -> None:
    assert certificate(0.0, 1.0) is None


def test_an_estimate_without_interval_shows_no_quality() -> None:
    assert certificate(None, None) is None


def test_a_narrow_interval_shows_its_estimate() -> None:
    found = certificate(0.95, 0.999)
    assert found is not None
    assert found.dice == 0.999
