"""How much more work the target takes, told when a round closes and kept with it."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

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


def sentence(figures: Mapping[str, Any]) -> str:
    """The forecast that a round's figures hold, in words; empty where they hold none."""
    told = figures.get("forecast")
    if not told:
        return ""
    if told["more"] is None:
        return f"How much more work the target takes cannot be told: {_lower(told['note'])}"
    if told["more"] == 0:
        return str(told["note"])
    least, most = math.ceil(told["low"] or 0), told["high"]
    bounds = f"{least} to {math.ceil(most)}" if most is not None else f"at least {least}"
    text = f"About {math.ceil(told['more'])} more tasks to the target ({bounds}, 90 % interval)."
    return f"{text} {told['note']}".strip()


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
