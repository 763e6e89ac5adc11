"""A simulation in the terminal: a row a round, a block a strategy."""

from collections.abc import Mapping
from typing import Any

from rich.table import Table

from workers.simulation.result import KEYS


def rounds_table(result: Mapping[str, Any]) -> Table:
    """Every round of every strategy, the mean over seeds."""
    table = Table(title=f"{result['image']}: Dice of the whole cube", title_justify="left")
    for heading in (
        "strategy",
        "shown",
        "masks",
        "human minutes",
        "final",
        "model alone",
        "interpolated",
        "bisection",
        "score ~ error",
        "audit (95 %)",
    ):
        table.add_column(heading, justify="left" if heading == "strategy" else "right")
    for name, strategy in result["strategies"].items():
        if "seeds" not in strategy:
            continue
        for row in strategy["rounds"]:
            table.add_row(
                name,
                f"{100 * row['shown_fraction']:.1f} %",
                f"{row['classifications']:.0f}",
                f"{row['seconds'] / 60:.1f}",
                number(row["dice_final"]),
                number(row["dice_proposal"]),
                number(row["dice_interpolation"]),
                number(row["dice_interpolation_bisection"]),
                number(row["score_error_spearman"], 2),
                _interval(row["audit"]),
            )
            name = ""
        table.add_section()
    return table


def shares_table(result: Mapping[str, Any]) -> Table:
    """The share shown at which each strategy reached each Dice."""
    table = Table(title="Share of the cube shown to reach a Dice of", title_justify="left")
    table.add_column("strategy")
    for key in KEYS:
        table.add_column(key, justify="right")
    table.add_column("minutes a seed", justify="right")
    for name, strategy in result["strategies"].items():
        seconds = strategy.get("wall_seconds")
        table.add_row(
            name,
            *(share(strategy["shown_at_dice"][key]) for key in KEYS),
            "–" if seconds is None else f"{seconds / 60:.1f}",
        )
    for words, at in result["interpolation"]["at_dice"].items():
        table.add_row(f"interpolation alone, {words}", *(share(at[key]) for key in KEYS), "–")
    return table


def cast_table(result: Mapping[str, Any]) -> Table:
    """What the cast really did, strategy by strategy."""
    table = Table(title="The cast as it turned out", title_justify="left")
    table.add_column("figure")
    played = {n: s["cast"] for n, s in result["strategies"].items() if "cast" in s}
    for name in played:
        table.add_column(name, justify="right")
    for figure in next(iter(played.values()), {}):
        words = figure.replace("_", " ")
        table.add_row(words, *(number(cast[figure], 3) for cast in played.values()))
    return table


def number(value: float | None, digits: int = 4) -> str:
    """A figure, or a dash where there is none."""
    return "–" if value is None else f"{value:.{digits}f}"


def share(value: float | None) -> str:
    """A share as a percentage, or a dash where it was not reached."""
    return "–" if value is None else f"{100 * value:.1f} %"


def _interval(audit: Mapping[str, float | None] | None) -> str:
    if audit is None or audit["low"] is None or audit["high"] is None:
        return "–"
    dice = "?" if audit["dice"] is None else f"{audit['dice']:.3f}"
    return f"{dice} ({audit['low']:.3f}–{audit['high']:.3f})"
