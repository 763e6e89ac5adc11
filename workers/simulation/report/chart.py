"""Charts as inline SVG, each with its table: no script, no request, readable in light and dark."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

import numpy as np

WIDTH, HEIGHT = 720, 380
LEFT, RIGHT, TOP, BOTTOM = 62, 16, 14, 46
# Beside its colour (Okabe and Ito's) every series has dashes and a marker of its own.
DASHES = ("", "7 4", "2 4", "10 3 2 3", "5 2", "1 3", "12 4", "3 2 1 2", "8 2 2 2")
COLOURS = 8

Point = tuple[float, float]


@dataclass(frozen=True)
class Series:
    """A line. band: (x, low, high) of its seeds; bars: (x, low, high) of intervals.

    quiet: drawn thin and grey, for what is only held against.
    """

    name: str
    points: Sequence[Point]
    band: Sequence[tuple[float, float, float]] = ()
    bars: Sequence[tuple[float, float, float]] = ()
    quiet: bool = False


@dataclass(frozen=True)
class Chart:
    """One plot. percent: which axes are shares, shown in percent; level: a line across, with its
    name."""

    title: str
    x: str
    y: str
    series: Sequence[Series]
    words: str = ""
    percent: tuple[bool, bool] = (True, False)
    levels: Sequence[tuple[float, str]] = field(default_factory=tuple)


def render(chart: Chart) -> str:
    """The figure: caption, SVG, table. An empty chart says so instead."""
    drawn = [s for s in chart.series if s.points or s.bars]
    head = f"<h2>{escape(chart.title)}</h2><p>{escape(chart.words)}</p>"
    if not drawn:
        return f"<section>{head}<p class='none'>There is nothing to draw here.</p></section>"
    frame = _Frame(chart, drawn)
    lines = "".join(_series(frame, s, i) for i, s in enumerate(drawn))
    label = f"{chart.title}: {chart.y} against {chart.x}"
    svg = (
        f"<svg viewBox='0 0 {WIDTH} {HEIGHT}' role='img' aria-label='{escape(label, True)}'>"
        f"{frame.grid()}{_levels(frame, chart)}{lines}</svg>"
    )
    return f"<section>{head}<figure>{svg}{_legend(drawn)}</figure>{_table(chart, drawn)}</section>"


class _Frame:
    """Where values lie in the picture."""

    def __init__(self, chart: Chart, drawn: Sequence[Series]) -> None:
        self.chart = chart
        xs = [x for s in drawn for x, _ in s.points] + [b[0] for s in drawn for b in s.bars]
        ys = [y for s in drawn for _, y in s.points]
        ys += [v for s in drawn for _, low, high in (*s.band, *s.bars) for v in (low, high)]
        ys += [level for level, _ in chart.levels]
        self.xs = _ticks(0.0, max(xs))
        self.ys = _ticks(min(ys), max(ys))

    def x(self, value: float) -> float:
        low, high = self.xs[0], self.xs[-1]
        return LEFT + (value - low) / (high - low) * (WIDTH - LEFT - RIGHT)

    def y(self, value: float) -> float:
        low, high = self.ys[0], self.ys[-1]
        return HEIGHT - BOTTOM - (value - low) / (high - low) * (HEIGHT - TOP - BOTTOM)

    def grid(self) -> str:
        parts = []
        for tick in self.ys:
            y = self.y(tick)
            words = _tick_words(tick, self.ys, self.chart.percent[1])
            parts.append(
                f"<line class='grid' x1='{LEFT}' x2='{WIDTH - RIGHT}' y1='{y:.1f}' y2='{y:.1f}'/>"
                f"<text x='{LEFT - 8}' y='{y + 4:.1f}' text-anchor='end'>{words}</text>"
            )
        for tick in self.xs:
            words = _tick_words(tick, self.xs, self.chart.percent[0])
            parts.append(
                f"<text x='{self.x(tick):.1f}' y='{HEIGHT - BOTTOM + 18}' "
                f"text-anchor='middle'>{words}</text>"
            )
        middle = (TOP + HEIGHT - BOTTOM) / 2
        parts.append(
            f"<text x='{(LEFT + WIDTH - RIGHT) / 2:.0f}' y='{HEIGHT - 8}' "
            f"text-anchor='middle'>{escape(self.chart.x)}</text>"
            f"<text transform='translate(14 {middle:.0f}) rotate(-90)' "
            f"text-anchor='middle'>{escape(self.chart.y)}</text>"
        )
        return "".join(parts)


def _ticks(low: float, high: float) -> list[float]:
    """About six round numbers from just below ``low`` to just above ``high``."""
    span = max(high - low, 1e-3)
    size = 10 ** np.floor(np.log10(span / 5))
    step = next(size * k for k in (1, 2, 2.5, 5, 10) if span / (size * k) <= 6)
    first, last = np.floor(low / step + 1e-9), np.ceil(high / step - 1e-9)
    return [float(round(i * step, 10)) for i in np.arange(first, max(last, first + 1) + 1)]


def _tick_words(value: float, ticks: Sequence[float], percent: bool) -> str:
    step = ticks[1] - ticks[0]
    scale = 100 if percent else 1
    digits = max(0, int(np.ceil(-np.log10(step * scale) - 1e-9)))
    digits += int(abs(round(step * scale, digits) - step * scale) > 1e-9)
    return f"{value * scale:.{digits}f}" + (" %" if percent else "")


def _series(frame: _Frame, series: Series, index: int) -> str:
    look = "quiet" if series.quiet else f"c{index % COLOURS}"
    parts = []
    if len(series.band) > 1:
        upper = [f"{frame.x(x):.1f},{frame.y(high):.1f}" for x, _, high in series.band]
        lower = [f"{frame.x(x):.1f},{frame.y(low):.1f}" for x, low, _ in reversed(series.band)]
        parts.append(f"<polygon class='band {look}' points='{' '.join(upper + lower)}'/>")
    for x, low, high in series.bars:
        parts.append(
            f"<line class='bar {look}' x1='{frame.x(x):.1f}' x2='{frame.x(x):.1f}' "
            f"y1='{frame.y(low):.1f}' y2='{frame.y(high):.1f}'/>"
        )
    places = [(frame.x(x), frame.y(y)) for x, y in series.points]
    if len(places) > 1:
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        dash = DASHES[index % len(DASHES)]
        parts.append(f"<polyline class='line {look}' stroke-dasharray='{dash}' points='{points}'/>")
    if not series.quiet:
        parts += [
            f"<circle class='dot {look}' cx='{x:.1f}' cy='{y:.1f}' r='3'/>" for x, y in places
        ]
    return "".join(parts)


def _levels(frame: _Frame, chart: Chart) -> str:
    return "".join(
        f"<line class='level' x1='{LEFT}' x2='{WIDTH - RIGHT}' y1='{frame.y(level):.1f}' "
        f"y2='{frame.y(level):.1f}'/><text class='level' x='{WIDTH - RIGHT - 4}' "
        f"y='{frame.y(level) - 5:.1f}' text-anchor='end'>{escape(name)}</text>"
        for level, name in chart.levels
    )


def _legend(drawn: Sequence[Series]) -> str:
    items = []
    for index, series in enumerate(drawn):
        look = "quiet" if series.quiet else f"c{index % COLOURS}"
        items.append(
            "<li><svg viewBox='0 0 34 10' aria-hidden='true'>"
            f"<line class='line {look}' stroke-dasharray='{DASHES[index % len(DASHES)]}' "
            f"x1='1' x2='33' y1='5' y2='5'/></svg>{escape(series.name)}</li>"
        )
    return f"<ul class='legend'>{''.join(items)}</ul>"


def _table(chart: Chart, drawn: Sequence[Series]) -> str:
    rows = []
    for series in drawn:
        between = {round(x, 6): (low, high) for x, low, high in (*series.band, *series.bars)}
        for x, y in series.points:
            low_high = between.get(round(x, 6))
            spread = "" if low_high is None else f"{_cell(low_high[0])} to {_cell(low_high[1])}"
            rows.append(
                f"<tr><th scope='row'>{escape(series.name)}</th>"
                f"<td>{_cell(x, chart.percent[0])}</td><td>{_cell(y, chart.percent[1])}</td>"
                f"<td>{spread}</td></tr>"
            )
    head = "".join(f"<th scope='col'>{escape(t)}</th>" for t in ("", chart.x, chart.y, "range"))
    return (
        f"<details><summary>The same as a table</summary><table><thead><tr>{head}</tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table></details>"
    )


def _cell(value: float, percent: bool = False) -> str:
    if percent:
        return f"{100 * value:.1f} %"
    return f"{value:.4f}" if abs(value) < 10 else f"{value:.1f}"
