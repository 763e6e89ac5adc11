"""Cells put together: means over seeds, areas, what interpolation would have needed."""

import json
from typing import Any

import pytest

from workers.simulation.report.chart import Chart, Series, render
from workers.simulation.report.page import page
from workers.simulation.result import (
    area,
    at_share,
    interpolation_rounds,
    strategy_result,
)

CURVE = [{"shown_fraction": s / 10, "dice_final": 0.5 + s / 20} for s in range(1, 7)]
ALONE = {
    "slices": 40,
    "curves": {"bisection": CURVE, "uniform": CURVE},
    "at_dice": {
        "bisection": {"0.90": 0.35, "0.94": 0.45, "0.95": None},
        "uniform": {"0.90": 0.4, "0.94": 0.5, "0.95": None},
    },
}


def run(dice: float, reached: float | None) -> dict[str, Any]:
    rounds = [
        {
            "number": n,
            "shown_fraction": 0.1 * (n + 1),
            "classifications": 4 * (n + 1),
            "seconds": 60.0 * (n + 1),
            "dice_final": dice + 0.02 * n,
            "dice_proposal": None if n == 0 else dice,
            "dice_interpolation": dice - 0.1,
            "score_error_spearman": None if n == 0 else 0.8,
            "audit": None
            if n == 0
            else {"dice": dice, "low": dice - 0.1, "high": dice + 0.05, "true": dice},
            "spearman": {} if n == 0 else {"discriminator": 0.7, "entropy": 0.6},
        }
        for n in range(3)
    ]
    return {
        "rounds": rounds,
        "shown_at_dice": {"0.90": reached, "0.94": None, "0.95": None},
        "cast": {"masks": 12, "single_mask_dice": 0.9},
        "seconds_from_nothing": 900.0,
        "notes": ["Something <cannot> be estimated."],
        "wall_seconds": 30.0,
    }


def simulated(volunteers: str = "perfect") -> dict[str, Any]:
    strategies = {
        "expected_error": strategy_result({0: run(0.86, 0.2), 1: run(0.88, 0.1)}, ALONE),
        "interpolation": interpolation_rounds(ALONE, "bisection"),
    }
    result = {
        "image": "a <strange> name",
        "slices": 40,
        "shape": [40, 8, 8],
        "classes": "one class: all labels above 0",
        "preset": "quick",
        "volunteers": volunteers,
        "seeds": [0, 1],
        "settings": {},
        "strategies": strategies,
        "interpolation": {"curves": ALONE["curves"], "at_dice": ALONE["at_dice"]},
    }
    if volunteers == "cast":
        cast = {"masks": 200, "single_mask_dice": 0.91}
        result["people_a_task"] = 3
        result["every_slice"] = {"people": 5, "dice": 0.94, "seconds": 4000.0, "cast": cast}
    return result


def test_seeds_are_averaged_round_by_round_and_kept_apart() -> None:
    made = strategy_result({0: run(0.86, 0.2), 1: run(0.88, 0.1)}, ALONE)
    last = made["rounds"][-1]
    assert last["dice_final"] == pytest.approx(0.91)
    assert last["spearman"] == {"discriminator": 0.7, "entropy": 0.6}
    assert last["audit"]["low"] == pytest.approx(0.77)
    assert last["dice_interpolation_bisection"] == pytest.approx(0.65)
    assert made["shown_at_dice"]["0.90"] == pytest.approx(0.15)
    assert made["effort_saved"] == pytest.approx(0.8)
    assert set(made["seeds"]) == {"0", "1"}
    json.dumps(made, allow_nan=False)


def test_a_dice_that_one_seed_did_not_reach_has_no_mean() -> None:
    made = strategy_result({0: run(0.86, 0.2), 1: run(0.8, None)}, ALONE)
    assert made["shown_at_dice"]["0.90"] is None


def test_a_curve_is_read_between_its_points_and_not_before_them() -> None:
    assert at_share(CURVE, 0.15) == pytest.approx(0.575)
    assert at_share(CURVE, 0.05) is None
    assert at_share([], 0.5) is None


def test_the_area_is_a_mean_over_the_range() -> None:
    assert area(CURVE, 0.2, 0.4) == pytest.approx(0.65)
    assert area(CURVE, 0.7, 0.9) is None
    assert area([], 0.1, 0.2) is None


@pytest.mark.parametrize("volunteers", ["perfect", "cast"])
def test_the_report_is_one_page_that_asks_nobody_and_has_a_table_for_each_chart(
    volunteers: str,
) -> None:
    text = page(simulated(volunteers))
    for word in ("http:", "https:", "<script", "src=", "url(", "@import"):
        assert word not in text
    assert "a &lt;strange&gt; name" in text
    assert "&lt;cannot&gt;" in text
    assert text.count("<figure>") == text.count("<details>") == 5
    assert "prefers-color-scheme: dark" in text
    assert ("The cast as it turned out" in text) == (volunteers == "cast")
    assert ("who err, 3 a task at most" in text) == (volunteers == "cast")


def test_a_chart_without_values_says_so() -> None:
    made = render(Chart("Score", "share", "rank", [Series("none", [])]))
    assert "nothing to draw" in made
    assert "<figure>" not in made


def test_a_chart_of_one_point_or_of_equal_values_has_axes() -> None:
    one = render(Chart("Score", "share", "rank", [Series("one", [(0.1, 0.5)])]))
    level = render(Chart("Score", "share", "rank", [Series("flat", [(0.1, 1.0), (0.2, 1.0)])]))
    assert "nan" not in (one + level).lower()
