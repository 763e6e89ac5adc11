"""The table of a simulated study, a row a round."""

from collections.abc import Sequence

from rich.table import Table

from workers.simulation.figures import RoundFigures


def table_of(rounds: Sequence[RoundFigures], title: str) -> Table:
    table = Table(title=title, title_justify="left")
    for heading in (
        "round",
        "slices shown",
        "classifications",
        "minutes of work",
        "final mask",
        "model alone",
        "interpolation",
        "score ~ error",
        "audit estimate (95 %)",
    ):
        table.add_column(heading, justify="right")
    for row in rounds:
        table.add_row(
            "seed" if row.number == 0 and not row.classifications else str(row.number),
            f"{100 * row.shown_fraction:.1f} %",
            str(row.classifications),
            f"{row.seconds / 60:.1f}",
            f"{row.dice_final:.4f}",
            _number(row.dice_proposal),
            f"{row.dice_interpolation:.4f}",
            "–" if row.score_error_spearman is None else f"{row.score_error_spearman:.2f}",
            _interval(row.audit),
        )
    return table


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"


def _interval(audit: dict[str, float | None] | None) -> str:
    if audit is None or audit["low"] is None or audit["high"] is None:
        return "–"
    dice = "?" if audit["dice"] is None else f"{audit['dice']:.3f}"
    return f"{dice} ({audit['low']:.3f}–{audit['high']:.3f})"
