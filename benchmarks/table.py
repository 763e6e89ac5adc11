"""Rows of a benchmark as a table on the terminal."""

import sys
from collections.abc import Sequence
from typing import Any

from benchmarks.rows import Row


def show(title: str, rows: Sequence[Row]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title, title_justify="left")
    for heading in ("what", "value", "unit", "goal", "", "beside it"):
        table.add_column(heading, overflow="fold")
    for row in rows:
        value = "–" if row["value"] is None else f"{row['value']:.4g}"
        beside = ", ".join(f"{name} {_short(peer)}" for name, peer in row["peers"].items())
        met = "met" if row["ok"] else "not met"
        note = row.get("error") or beside
        table.add_row(row["name"], value, row["unit"], row["goal"], met, note)
    Console(width=None if sys.stdout.isatty() else 160).print(table)


def _short(value: Any) -> str:
    if value is None:
        return "–"
    return f"{value:.4g}" if isinstance(value, int | float) else str(value)
