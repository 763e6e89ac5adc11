"""The promotion gate."""

import numpy as np
import pytest

from models.quality.gate import gate


def test_a_clearly_better_model_is_promoted_with_its_numbers() -> None:
    decision = gate([0.92, 0.91, 0.95, 0.93], [0.88, 0.87, 0.9, 0.9])
    assert decision.promote
    assert decision.low > 0
    assert decision.items == 4


def test_a_worse_model_is_not_promoted() -> None:
    assert not gate([0.80, 0.82, 0.81], [0.90, 0.91, 0.90]).promote


def test_an_uncertain_model_is_not_promoted_though_better_on_average() -> None:
    decision = gate([0.99, 0.70, 0.99, 0.95], [0.90, 0.86, 0.90, 0.90])
    assert not decision.promote
    assert "May be worse" in decision.reason


def test_an_equal_model_is_not_inferior() -> None:
    assert gate([0.9] * 5, [0.9] * 5).promote


def test_slightly_worse_within_the_margin_is_still_not_better() -> None:
    decision = gate([0.899] * 5, [0.9] * 5)
    assert not decision.promote
    assert decision.reason.startswith("Not better")


@pytest.mark.parametrize("n", [0, 1, 2])
def test_too_few_items_keep_the_serving_model(n: int) -> None:
    decision = gate([0.99] * n, [0.5] * n)
    assert not decision.promote
    assert decision.reason.startswith(f"Only {n} items")


def test_items_without_a_dice_are_left_out() -> None:
    decision = gate([0.9, np.nan, 0.9, 0.9], [0.8, 0.8, 0.8, 0.8])
    assert decision.items == 3


def test_different_numbers_of_items_are_refused() -> None:
    with pytest.raises(ValueError, match="compares the same items"):
        gate([0.9], [0.9, 0.8])


def test_the_decision_is_repeatable() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.random(20).tolist(), rng.random(20).tolist()
    assert gate(a, b) == gate(a, b)
