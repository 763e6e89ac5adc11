"""Rows of the benchmarks: a value, the goal it is held against, and what stands beside it."""

import math
import operator
from collections.abc import Mapping
from typing import Any

Row = dict[str, Any]

_SIGNS = {"<=": operator.le, ">=": operator.ge, "<": operator.lt, ">": operator.gt}


def row(
    name: str,
    value: float | None,
    unit: str,
    goal: str,
    peers: Mapping[str, Any] | None = None,
    **more: Any,
) -> Row:
    """{"name", "value", "unit", "goal", "ok", "peers"}, and what ``more`` says.

    goal: a sign and a number in the value's unit, such as "<= 0.1". ``ok`` follows from value and
    goal; a value that is missing or no number is never ok.
    """
    number = None if value is None or not math.isfinite(value) else round(float(value), 5)
    return {
        "name": name,
        "value": number,
        "unit": unit,
        "goal": goal,
        "ok": number is not None and meets(number, goal),
        "peers": dict(peers or {}),
        **more,
    }


def meets(value: float, goal: str) -> bool:
    """Whether a value meets a goal such as "<= 0.1". Raises ValueError for other goals."""
    sign, _, bound = goal.partition(" ")
    if sign not in _SIGNS:
        raise ValueError(f"The goal “{goal}” is not a sign and a number, such as “<= 0.1”.")
    return bool(_SIGNS[sign](value, float(bound)))
