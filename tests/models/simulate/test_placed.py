"""Interpolation alone, from well-placed slices."""

import numpy as np
import pytest

from models.labels import Labels
from models.propagation.interpolate import interpolate
from models.quality.metrics import dice
from models.simulate.placed import (
    Point,
    _by_bisection,
    _by_difference,
    adapted,
    bisected,
    evenly,
    mean_curve,
    reached,
)


def ball(depth: int = 17) -> Labels:
    z, y, x = np.mgrid[:depth, :32, :32]
    inside = ((z - depth / 2) * 1.5) ** 2 + (y - 16) ** 2 + (x - 15) ** 2 < 12**2
    labels = inside.astype(np.uint8)
    labels[inside & (x > 15)] = 2
    made: Labels = labels
    return made


def test_growing_by_a_slice_gives_what_interpolating_anew_would() -> None:
    truth = ball()
    points = bisected(truth, 2)
    order = _by_bisection(len(truth), 10)
    for point in points[:8]:
        count = round(point.shown * len(truth))
        whole = interpolate({z: truth[z] for z in order[:count]}, truth.shape, 2)
        assert point.dice == pytest.approx(dice(whole, truth, 2), abs=1e-4)


def test_more_slices_end_better_and_all_of_them_at_one() -> None:
    truth = ball()
    for place in (bisected, adapted, evenly):
        curve = place(truth, 2, most=1.0)
        assert [p.shown for p in curve] == sorted({p.shown for p in curve})
        assert curve[-1].dice == 1
        assert curve[0].dice < curve[-1].dice


def test_the_share_reached_is_the_first_or_none() -> None:
    points = bisected(ball(), 2)
    assert reached(points, 0.0) == points[0].shown
    assert reached(points, 1.1) is None
    assert reached([], 0.5) is None


@pytest.mark.parametrize("depth", [1, 2])
def test_a_cube_of_one_or_two_slices_has_a_curve_without_nan(depth: int) -> None:
    truth = ball(depth)
    assert all(
        np.isfinite(p.dice) for p in [*bisected(truth, 2), *adapted(truth, 2), *evenly(truth, 2)]
    )


def test_slices_are_put_where_what_is_known_differs() -> None:
    truth = np.zeros((33, 16, 16), np.uint8)
    truth[:3, 4:12, 4:12] = 1
    order = _by_difference(truth, 7)
    assert len(order) == len(set(order)) == 7
    assert order[:2] == [0, 32]
    assert max(order[2:]) <= 16
    assert [p.dice for p in adapted(truth, 1, most=0.3)][-1] == 1


def test_curves_are_averaged_at_equal_share_where_all_of_them_are() -> None:
    one = [Point(0.1, 0.4), Point(0.3, 0.8)]
    other = [Point(0.2, 0.6), Point(0.25, 0.7), Point(0.5, 0.9)]
    made = mean_curve([one, other])
    assert (made[0].shown, made[-1].shown) == (0.2, 0.3)
    assert made[0].dice == (0.6 + 0.6) / 2
    assert made[5] == Point(0.25, 0.7)
    assert mean_curve([one]) == one
    assert mean_curve([one, []]) == []
