"""The report of a simulation: curves, scores, audits and human time of every strategy."""

from collections.abc import Callable, Mapping, Sequence
from html import escape
from operator import itemgetter
from pathlib import Path
from typing import Any

from workers.simulation.report.chart import Chart, Series, render
from workers.simulation.report.style import STYLE
from workers.simulation.result import KEYS
from workers.simulation.table import share

Row = Mapping[str, Any]
Played = Mapping[str, Mapping[str, Any]]


def write_page(result: Mapping[str, Any], path: Path) -> None:
    """Write the report of ``result`` (what ``simulate --json`` writes) as one HTML file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page(result), encoding="utf-8")


def page(result: Mapping[str, Any]) -> str:
    """The whole page. It makes no request."""
    played = {n: s for n, s in result["strategies"].items() if "seeds" in s}
    title = f"{result['image']}: a simulated study"
    charts = [_dice(result, played), _interpolation(played), _scores(played)]
    charts += [_audit(name, strategy) for name, strategy in played.items()]
    charts.append(_people(result, played))
    notes = sorted({note for s in played.values() for note in s["notes"]})
    noted = "".join(f"<p class='note'>{escape(note)}</p>" for note in notes)
    return (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width, initial-scale=1'>"
        "<meta name='color-scheme' content='light dark'>"
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body><main>"
        f"<h1>{escape(title)}</h1><p class='lead'>{escape(_lead(result))}</p>{noted}"
        f"{_summary(result, played)}{''.join(render(chart) for chart in charts)}"
        f"{_cast(result, played)}</main></body></html>\n"
    )


def _lead(result: Mapping[str, Any]) -> str:
    seeds = len(result["seeds"])
    people = "Volunteers who draw the truth."
    if result["volunteers"] == "cast":
        people = f"Volunteers who err, {result['people_a_task']} a task at most."
    return (
        f"{result['slices']} slices, {result['classes']}. {people} Preset {result['preset']}, "
        f"{seeds} seed{'s' if seeds != 1 else ''}; bands reach from the worst seed to the best. "
        "Every slice that people saw counts as shown, the first ones and the audit included."
    )


def _summary(result: Mapping[str, Any], played: Played) -> str:
    rows = [
        (name, *(share(s["shown_at_dice"][key]) for key in KEYS), share(s["effort_saved"]))
        for name, s in played.items()
    ]
    rows += [
        (f"interpolation, {words}", *(share(at[key]) for key in KEYS), "–")
        for words, at in result["interpolation"]["at_dice"].items()
    ]
    heads = ("share shown to reach", *KEYS, "human time saved at the end")
    return _plain_table(heads, rows)


def _dice(result: Mapping[str, Any], played: Played) -> Chart:
    series = [
        Series(name, *_line(strategy, lambda row: row["dice_final"]))
        for name, strategy in played.items()
    ]
    for name, curve in result["interpolation"]["curves"].items():
        last = max((r["shown_fraction"] for s in played.values() for r in s["rounds"]), default=1)
        points = [
            (p["shown_fraction"], p["dice_final"])
            for p in curve
            if p["shown_fraction"] <= last + 0.02
        ]
        series.append(Series(f"interpolation alone, {name}", points, quiet=True))
    levels = []
    if "every_slice" in result:
        levels = [(result["every_slice"]["dice"], "the cast's consensus on every slice")]
    return Chart(
        "Quality against what people saw",
        "share of the cube shown",
        "Dice of the final mask",
        series,
        "The mask that the study would export, against the true labels.",
        levels=levels,
    )


def _interpolation(played: Played) -> Chart:
    series = []
    for name, strategy in played.items():
        series.append(Series(f"{name}, final", *_line(strategy, lambda r: r["dice_final"])))
        for words, key in (
            ("model alone", "dice_proposal"),
            ("the same slices, interpolated", "dice_interpolation"),
        ):
            points = _points(strategy["rounds"], itemgetter(key))
            series.append(Series(f"{name}, {words}", points, quiet=True))
    return Chart(
        "Model, interpolation and both",
        "share of the cube shown",
        "Dice",
        series,
        "What the model says by itself, what interpolating the slices shown would have given, and "
        "the final mask, which builds on both.",
    )


def _scores(played: Played) -> Chart:
    series = []
    for name, strategy in played.items():
        own = _line(strategy, lambda row: row["score_error_spearman"])
        series.append(Series(f"{name}: its score", *own))
        for score in ("discriminator", "entropy", "expected_error"):
            ranks = [{**row, "rank": row["spearman"].get(score)} for row in strategy["rounds"]]
            points = _points(ranks, itemgetter("rank"))
            series.append(Series(f"{name}: {score}", points, quiet=True))
    return Chart(
        "Score against error",
        "share of the cube shown",
        "rank correlation",
        series,
        "How well the scores put unseen slices in the order of their true error "
        "(Spearman; 1 is perfect).",
    )


def _audit(name: str, strategy: Mapping[str, Any]) -> Chart:
    first = next(iter(strategy["seeds"].values()))
    rows = [r for r in first["rounds"] if r["audit"] and r["audit"]["low"] is not None]
    estimate = _points(rows, lambda row: row["audit"]["dice"])
    bars = [(r["shown_fraction"], r["audit"]["low"], r["audit"]["high"]) for r in rows]
    true = _points(rows, lambda row: row["audit"].get("true"))
    return Chart(
        f"What the audit says: {name}",
        "share of the cube shown",
        "Dice of the proposal",
        [Series("audit estimate, 95 % interval", estimate, bars=bars), Series("the truth", true)],
        "Of the first seed. The estimate comes from tasks drawn at random alone.",
    )


def _people(result: Mapping[str, Any], played: Played) -> Chart:
    series = [
        Series(name, *_line(s, lambda r: r["dice_final"], x=lambda r: r["seconds"] / 60))
        for name, s in played.items()
    ]
    nothing = next((s["seconds_from_nothing"] for s in played.values()), 0.0)
    words = f"One person would draw every slice from nothing in {nothing / 60:.0f} minutes."
    if "every_slice" in result:
        every = result["every_slice"]
        words += f" {every['people']} people of the cast need {every['seconds'] / 60:.0f}."
    return Chart(
        "Quality against human time",
        "minutes of all volunteers together",
        "Dice of the final mask",
        series,
        words,
        percent=(False, False),
    )


def _line(
    strategy: Mapping[str, Any],
    value: Callable[[Row], float | None],
    x: Callable[[Row], float] = lambda row: float(row["shown_fraction"]),
) -> tuple[list[tuple[float, float]], list[tuple[float, float, float]]]:
    """Points of the mean over seeds, and the band from the worst to the best."""
    points, band = [], []
    for number, row in enumerate(strategy["rounds"]):
        found = [value(run["rounds"][number]) for run in strategy["seeds"].values()]
        there = [v for v in found if v is not None]
        mean = value(row)
        if mean is not None and there:
            points.append((x(row), mean))
            band.append((x(row), min(there), max(there)))
    return points, band if len(strategy["seeds"]) > 1 else []


def _points(rows: Sequence[Row], value: Callable[[Row], float | None]) -> list[tuple[float, float]]:
    pairs = [(float(row["shown_fraction"]), value(row)) for row in rows]
    return [(x, y) for x, y in pairs if y is not None]


def _cast(result: Mapping[str, Any], played: Played) -> str:
    if result["volunteers"] != "cast" or not played:
        return ""
    casts = {name: s["cast"] for name, s in played.items()}
    casts["every slice from nothing"] = result["every_slice"]["cast"]
    figures = next(iter(casts.values()))
    rows = [
        (f.replace("_", " "), *("–" if c[f] is None else f"{c[f]:.3f}" for c in casts.values()))
        for f in figures
    ]
    return f"<h2>The cast as it turned out</h2>{_plain_table(('', *casts), rows)}"


def _plain_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f"<th scope='col'>{escape(h)}</th>" for h in heads)
    body = "".join(
        f"<tr><th scope='row'>{escape(first)}</th>"
        + "".join(f"<td>{escape(value)}</td>" for value in rest)
        + "</tr>"
        for first, *rest in rows
    )
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return f"<div class='wide'>{table}</div>"
