"""How long corrections take."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.config import EffortConfig
from models.selection.effort import fit_effort


def test_with_few_corrections_the_usual_pace_stands() -> None:
    found = fit_effort(np.array([90.0]), np.array([10.0]))
    assert (found.look, found.change) == (EffortConfig().look, EffortConfig().change)


def test_the_pace_is_found_from_enough_corrections() -> None:
    rng = np.random.default_rng(0)
    changed = rng.uniform(0, 2000, 300)
    found = fit_effort(8 + 0.1 * changed, changed)
    assert found.look == pytest.approx(8, abs=3)
    assert found.change == pytest.approx(0.1, rel=0.15)


def test_a_volunteer_who_went_for_lunch_does_not_set_the_pace() -> None:
    changed = np.linspace(0, 1000, 50)
    seconds = 10 + 0.05 * changed
    seconds[3] = 7200
    assert fit_effort(seconds, changed).look < 20


@settings(max_examples=40, deadline=None)
@given(n=st.integers(0, 40), seed=st.integers(0, 99))
def test_every_task_is_expected_to_take_some_time(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    seconds = rng.choice([np.nan, 0.0, -1.0, 1e9, 5.0, 60.0], n)
    changed = rng.choice([np.nan, 0.0, 10.0, 1e7], n)
    found = fit_effort(seconds, changed).seconds(np.array([0.0, 1.0, 1e6]))
    assert np.isfinite(found).all()
    assert (found > 0).all()
