"""Charts of people and agreement as plain SVG. Each stands beside a table of the same figures."""

from collections.abc import Sequence

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

_WIDTH, _HEIGHT = 100.0, 60.0


def band_svg(
    points: Sequence[tuple[float, float, float]],
    *,
    label: str,
    low: float,
    high: float,
    ends: tuple[str, str],
    marks: tuple[str, str],
) -> SafeString:
    """A line with its interval over evenly spaced moments.

    points: (low, value, high) each; low, high: of the axis; marks: their words, ends: words below
    the first and the last point.
    """
    if not points:
        return SafeString("")
    step = _WIDTH / max(len(points) - 1, 1)

    def at(index: int, value: float) -> str:
        share = (min(max(value, low), high) - low) / (high - low)
        return f"{index * step:.2f} {_HEIGHT - _HEIGHT * share:.2f}"

    upper = [at(i, p[2]) for i, p in enumerate(points)]
    lower = [at(i, p[0]) for i, p in enumerate(points)]
    line = [at(i, p[1]) for i, p in enumerate(points)]
    dots = format_html_join("", '<path class="c-dot" d="M{}h0"/>', ((place,) for place in line))
    band = "M" + "L".join([*upper, *reversed(lower)]) + "Z"
    if len(points) == 1:
        band = f"M{upper[0]}L{lower[0]}"
    return format_html(
        '<div class="chart"><span class="y-high num">{}</span><span class="y-low num">{}</span>'
        '<svg viewBox="0 0 100 60" preserveAspectRatio="none" role="img" aria-label="{}">'
        '<path class="c-grid" d="M0 0H100M0 30H100M0 60H100"/>'
        '<path class="c-band" d="{}"/><path class="c-line c0" d="{}"/>{}</svg>'
        '<span class="x-ends num"><span>{}</span><span>{}</span></span></div>',
        marks[1],
        marks[0],
        label,
        band,
        "M" + "L".join(line),
        dots,
        ends[0],
        ends[1] if len(points) > 1 else "",
    )


def bars_svg(
    counts: Sequence[int], *, label: str, ends: tuple[str, str], highest: str
) -> SafeString:
    """Bars of equal width from left to right. ends: words below the first and the last edge."""
    if not any(counts):
        return SafeString("")
    most = max(counts)
    width = _WIDTH / len(counts)
    bars = format_html_join(
        "",
        '<path class="c-bar" d="M{} 60v-{}h{}V60Z"/>',
        (
            (
                f"{i * width + width * 0.06:.2f}",
                f"{_HEIGHT * count / most:.2f}",
                f"{width * 0.88:.2f}",
            )
            for i, count in enumerate(counts)
            if count
        ),
    )
    return format_html(
        '<div class="chart"><span class="y-high num">{}</span><span class="y-low num">0</span>'
        '<svg viewBox="0 0 100 60" preserveAspectRatio="none" role="img" aria-label="{}">'
        '<path class="c-grid" d="M0 0H100M0 30H100M0 60H100"/>{}</svg>'
        '<span class="x-ends num"><span>{}</span><span>{}</span></span></div>',
        highest,
        label,
        bars,
        ends[0],
        ends[1],
    )
