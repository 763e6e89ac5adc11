"""Charts as plain SVG. Each stands beside a table of the same figures."""

import json
from collections.abc import Iterable, Sequence
from itertools import groupby

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from lamella.loop.strip import Column, Strip

_ERROR_HEIGHT = 44.0
_BASE = 46.0
_LANE = (50.0, 64.0)
STATES = ("", "labelled", "open", "agreed", "accepted")
"""Of a column, as the front end counts them."""


def strip_svg(strip: Strip, *, label: str, href: str) -> SafeString:
    """Expected error above, the state of tasks below; one unit of x is one column.

    ``href`` holds "{z}": where a click on a column leads (the front end makes it live).
    """
    errors = "".join(f"V{_BASE - _height(c, strip):.1f}h1" for c in strip.columns)
    errors = f"M0 {_BASE}{errors}V{_BASE}Z" if strip.highest else ""
    top, bottom = _LANE
    middle = (top + bottom) / 2
    paths = [
        ("s-error", errors),
        ("s-open", _boxes(strip.columns, "open", top + 1, bottom - 1)),
        ("s-agreed", _boxes(strip.columns, "agreed", middle, bottom)),
        ("s-accepted", _boxes(strip.columns, "accepted", top, bottom)),
        ("s-labelled", _boxes(strip.columns, "labelled", bottom - 3, bottom)),
        (
            "s-audit",
            "".join(f"M{x + 0.5} 70h0" for x, c in enumerate(strip.columns) if c.audit),
        ),
    ]
    return format_html(
        '<div class="strip" data-strip="{}" data-href="{}">'
        '<svg viewBox="0 0 {} 74" preserveAspectRatio="none" role="img" aria-label="{}">'
        '<path class="s-base" d="M0 {}H{}"/>{}</svg></div>',
        json.dumps(
            [[c.z, _round(c.error), STATES.index(c.state), int(c.audit)] for c in strip.columns],
            separators=(",", ":"),
        ),
        href,
        len(strip.columns),
        label,
        _BASE,
        len(strip.columns),
        format_html_join("", '<path class="{}" d="{}"/>', ((n, d) for n, d in paths if d)),
    )


def _height(column: Column, strip: Strip) -> float:
    return _ERROR_HEIGHT * max(column.error or 0.0, 0.0) / strip.highest if strip.highest else 0.0


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _boxes(columns: Iterable[Column], state: str, top: float, bottom: float) -> str:
    """One box for neighbours of the same state."""
    path, x = "", 0
    for same, group in groupby(columns, key=lambda c: c.state):
        width = len(list(group))
        if same == state:
            path += f"M{x + 0.08:g} {top}h{width - 0.16:g}V{bottom}h{0.16 - width:g}Z"
        x += width
    return path


def line_svg(
    series: Sequence[tuple[str, Sequence[tuple[float, float]]]],
    *,
    label: str,
    x_unit: str = "",
    low: float | None = None,
    high: float | None = None,
) -> SafeString:
    """Lines over a shared x axis. ``series``: (CSS class, points). Axis figures are HTML text."""
    points = [p for _, line in series for p in line]
    if not points:
        return SafeString("")
    right = max(p[0] for p in points) or 1.0
    bottom = min(p[1] for p in points) if low is None else low
    top = max(p[1] for p in points) if high is None else high
    span = (top - bottom) or 1.0

    def path(line: Sequence[tuple[float, float]]) -> str:
        return "M" + "L".join(
            f"{100 * x / right:.2f} {60 - 60 * (min(max(y, bottom), top) - bottom) / span:.2f}"
            for x, y in line
        )

    lines = format_html_join(
        "",
        '<path class="c-line {}" d="{}"/>',
        ((name, path(line)) for name, line in series if line),
    )
    return format_html(
        '<div class="chart"><span class="y-high num">{}</span><span class="y-low num">{}</span>'
        '<svg viewBox="0 0 100 60" preserveAspectRatio="none" role="img" aria-label="{}">'
        '<path class="c-grid" d="M0 0H100M0 30H100M0 60H100"/>{}</svg>'
        '<span class="x-right num">{} {}</span></div>',
        f"{top:.3g}",
        f"{bottom:.3g}",
        label,
        lines,
        f"{right:.0f}",
        x_unit,
    )
