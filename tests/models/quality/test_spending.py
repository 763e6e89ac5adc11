"""What each look at an audit may cost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.quality.spending import level, spent


@given(st.lists(st.floats(0, 1), max_size=30), st.floats(0.01, 0.5))
def test_however_often_one_looks_all_looks_together_cost_at_most_alpha(
    shares: list[float], planned: float
) -> None:
    before: list[float] = []
    total = 0.0
    for share in shares:
        total += level(share, before, planned)
        before.append(share)
    assert total <= 0.05 + 1e-12


def test_a_look_without_a_new_audit_costs_and_says_nothing() -> None:
    assert level(0.03, [0.01, 0.03], 0.08) == 0


def test_late_looks_may_cost_more_than_early_ones() -> None:
    assert level(0.08, [0.07], 0.08) > level(0.02, [0.01], 0.08) > 0


def test_something_is_left_after_the_plan() -> None:
    assert level(0.16, [0.08], 0.08) > 0


def test_a_plan_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="above 0"):
        spent(0.1, 0.0, 0.05)
