"""How much more work the target takes, told when a round closes and kept with it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from lamella.languages.sentences import said
from lamella.rounds.models import Certificate, Round, Task
from lamella.rounds.services import CertificateFigures
from models.quality.forecast import forecast

VAGUE = 0.5
"""Intervals wider than this say too little for their estimate to be forecast from."""


def forecast_of(closing: Round, certificates: Sequence[CertificateFigures]) -> dict[str, Any]:
    """{"more", "low", "high" (tasks; None: not to be told), "target", "note"} as JSON.

    A study is as good as its worst cube, so that is the quality of a round.
    """
    study = closing.study
    worst: dict[int, float] = {}
    rows = [
        (row.round.number, row.dice, row.low, row.high)
        for row in Certificate.objects.filter(round__study=study, blind__gt=0).select_related(
            "round"
        )
    ]
    rows += [(closing.number, c.dice, c.low, c.high) for c in certificates if c.blind]
    for number, dice, low, high in rows:
        if dice is not None and low is not None and high is not None and high - low <= VAGUE:
            worst[number] = min(dice, worst.get(number, 1.0))
    numbers = sorted(worst)
    settled = [Task.State.RETIRED, Task.State.ACCEPTED]
    work = [
        float(
            study.tasks.filter(
                round__number__lte=number, kind=Task.Kind.WORK, state__in=settled
            ).count()
        )
        for number in numbers
    ]
    told = forecast(work, [worst[number] for number in numbers], study.target_dice)
    return {
        "more": told.more,
        "low": _finite(told.low),
        "high": _finite(told.high),
        "target": study.target_dice,
        "note": told.note,
    }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


@dataclass(frozen=True)
class Ahead:
    """Work left to the target. ``tasks`` is None where nothing can be told, and 0 where the
    estimate has reached it; ``low`` and ``high`` bound 90 %, ``high`` None without an upper bound.
    The same in seconds of volunteers' time, at the pace so far."""

    tasks: int | None
    low: int
    high: int | None
    seconds: float
    seconds_low: float
    seconds_high: float | None
    note: str


def ahead_of(told: Mapping[str, Any], each: float) -> Ahead:
    """``told``: a round's forecast; ``each``: seconds of volunteers' time that a task took."""
    tasks = None if told["more"] is None else math.ceil(told["more"])
    low = math.ceil(told["low"] or 0)
    high = None if told["high"] is None else math.ceil(told["high"])
    return Ahead(
        tasks=tasks,
        low=low,
        high=high,
        seconds=(tasks or 0) * each,
        seconds_low=low * each,
        seconds_high=None if high is None else high * each,
        note=said(told["note"]),
    )


def sentence(figures: Mapping[str, Any]) -> str:
    """The forecast that a round's figures hold, in words; empty where they hold none."""
    told = figures.get("forecast")
    if not told:
        return ""
    if told["more"] is None:
        text = _("How much more work the target takes cannot be told.")
    elif told["more"] == 0:
        text = ""
    else:
        least, most = math.ceil(told["low"] or 0), told["high"]
        if most is None:
            bounds = _("at least %(least)s") % {"least": least}
        else:
            bounds = _("%(least)s to %(most)s") % {"least": least, "most": math.ceil(most)}
        text = _("About %(more)s more tasks to the target (%(bounds)s, 90 %% interval).") % {
            "more": math.ceil(told["more"]),
            "bounds": bounds,
        }
    return f"{text} {said(told['note'])}".strip()
