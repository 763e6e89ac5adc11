"""How much more work a target takes."""

import numpy as np
import pytest

from models.quality.forecast import forecast

WORK = [5.0, 10.0, 15.0, 20.0, 25.0, 30.0]


def falling(a: float = 0.4, b: float = 0.6, c: float = 0.01) -> list[float]:
    return [1 - (a * n**-b + c) for n in WORK]


def test_a_smooth_law_is_carried_on() -> None:
    target = 1 - (0.4 * 60**-0.6 + 0.01)
    got = forecast(WORK, falling(), target)
    assert got.more is not None
    assert got.more == pytest.approx(30, rel=0.35)
    assert got.low is not None
    assert got.high is not None
    assert got.low <= 30 * 1.35
    assert got.low <= got.more <= got.high


def test_three_rounds_are_too_few_to_tell() -> None:
    got = forecast(WORK[:3], falling()[:3], 0.99)
    assert got.more is None
    assert "takes 4 certified rounds" in got.note


def test_an_error_that_does_not_fall_is_not_carried_on() -> None:
    got = forecast(WORK, [0.9, 0.91, 0.9, 0.89, 0.9, 0.9], 0.95)
    assert got.more is None
    assert "do not show" in got.note


def test_a_target_beyond_the_floor_is_never_promised() -> None:
    levelling = [1 - (0.3 * n**-1.5 + 0.1) for n in WORK]
    got = forecast(WORK, levelling, 0.95)
    assert got.high == np.inf


def test_a_reached_target_takes_no_more_work() -> None:
    assert forecast(WORK, falling(), 0.5).more == 0


def test_rounds_without_an_estimate_are_left_out() -> None:
    got = forecast(WORK[:4], [float("nan"), *falling()[1:4]], 0.99)
    assert got.more is None
    assert "there are 3" in got.note
