"""What was seen, held against the goals."""

from collections.abc import Sequence
from typing import Any

from benchmarks.desks.offers import Load
from benchmarks.desks.pages import Seen
from benchmarks.rows import Row, row

MOST_MS = 100
MOST_QUERIES = 15
MOST_BYTES = 300_000
MOST_SCRIPT = 90 * 1024
OFFER_MS = 50


def page_rows(seen: Sequence[Seen], *, timed: bool) -> list[Row]:
    """With ``timed`` a row of server time for each page, of the role that waits longest."""
    rows: list[Row] = []
    names = list(dict.fromkeys(one.name for one in seen))
    if timed:
        for name in names:
            worst = max((one for one in seen if one.name == name), key=lambda one: one.p95)
            beside: dict[str, Any] = {"as": worst.role, "queries": worst.queries}
            if worst.weight:
                beside["KB"] = round(worst.weight.all / 1000)
            rows.append(row(f"{name}, server time p95", worst.p95, "ms", f"<= {MOST_MS}", beside))
    most = max(seen, key=lambda one: one.queries)
    where: dict[str, Any] = {"page": most.name, "as": most.role}
    rows.append(row("queries of a page, most", most.queries, "", f"<= {MOST_QUERIES}", where))
    weights = [(one, one.weight) for one in seen if one.weight]
    if weights:
        one, weight = max(weights, key=lambda pair: pair[1].all)
        where = {"page": one.name, "as": one.role, "html KB": round(weight.page / 1000)}
        goal = f"<= {MOST_BYTES}"
        rows.append(row("bytes of a page without images, most", weight.all, "B", goal, where))
        one, weight = max(weights, key=lambda pair: pair[1].script_gz)
        where = {"page": one.name, "as": one.role}
        goal = f"<= {MOST_SCRIPT}"
        rows.append(row("JavaScript of a page gzipped, most", weight.script_gz, "B", goal, where))
    return rows


def offer_rows(load: Load, over: int, rate: int) -> list[Row]:
    beside = {
        "p50": round(load.percentile(50), 1),
        "p95": round(load.percentile(95), 1),
        "most": round(load.percentile(100), 1),
        "requests": len(load.times),
        "waited for a free place": load.late,
    }
    done = len(load.times) / load.seconds if load.seconds else 0.0
    faults = {"first": load.faults[0]} if load.faults else {}
    return [
        row(
            f"next task at {rate} a second, p99",
            load.percentile(99),
            "ms",
            f"<= {OFFER_MS}",
            beside,
        ),
        row("requests answered a second", done, "/s", f">= {0.97 * rate:g}"),
        row("requests without a task", load.empty, "", "<= 0", {"tasks given": len(load.tasks)}),
        row("requests that failed", len(load.faults), "", "<= 0", faults),
        row("tasks over their redundancy", over, "", "<= 0"),
    ]
