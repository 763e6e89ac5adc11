"""The budgets of the correction page, and the rows that hold what was seen against them."""

import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.annotator.peer import Peer
from benchmarks.annotator.visit import Seen
from benchmarks.rows import Row, row

DIST = Path(__file__).resolve().parents[2] / "frontend" / "web" / "dist"
ENTRY = "src/annotator/main.ts"


def rows(seen: dict[int, Seen], peer: Peer | None) -> list[Row]:
    """``seen``: by how many times the processor was slowed down."""
    found = [row("first JavaScript, gzipped", first_javascript() / 1024, "KB", "<= 60")]
    for slowdown, s in sorted(seen.items()):
        # What a mock reached is allowed for the full speed, and more for a slow machine.
        found += _drawing(s, slowdown, peer if slowdown == 1 else None)
    return found


def _drawing(s: Seen, slowdown: int, peer: Peer | None) -> list[Row]:
    def named(what: str) -> str:
        return what if slowdown == 1 else f"{what}, processor {slowdown}x slower"

    slow = slowdown > 1
    found = [
        row(
            named("pointer handler, p95"),
            _p95(s.handlers),
            "ms",
            "<= 3" if slow else "<= 1",
            {"napari": _p95(peer.events)} if peer else {},
            median=_median(s.handlers),
        ),
        row(named("dirty redraw, p95"), _p95(s.draws), "ms", "<= 6" if slow else "<= 2"),
        row(named("late frames in a stroke"), 100 * s.late, "%", "<= 5" if slow else "<= 2"),
    ]
    if slow:
        visible = (s.visible - s.server) / 1000
        facts = {"of which server, beside it": round(s.server / 1000, 3)}
        return [*found, row(named("slice visible at 20 Mbit/s"), visible, "s", "<= 1", facts)]
    return [
        *found,
        row("stroke end, longest", max(s.ends, default=None), "ms", "<= 10"),
        row("undo and redo, longest", max(s.undos, default=None), "ms", "<= 10"),
        row("undo memory, median stroke", _median(s.patches) / 1024, "KB", "<= 32"),
        row(
            "fill of a blob, p95",
            _p95(s.fills),
            "ms",
            "<= 10",
            {"napari": _p95(peer.fills)} if peer else {},
        ),
        row("lasso, p95", _p95(s.lassos), "ms", "<= 3"),
        row("code the mask of 4096²", _median(s.seal), "ms", "<= 60"),
        row("flip to a neighbour, warm, p95", _p95(s.flips), "ms", "<= 16"),
    ]


def first_javascript() -> int:
    """Gzipped bytes of the page's entry and of all that it imports statically."""
    manifest: dict[str, Any] = json.loads((DIST / "manifest.json").read_text())
    files: set[str] = set()
    waiting = [ENTRY]
    while waiting:
        chunk = manifest[waiting.pop()]
        if chunk["file"] not in files:
            files.add(chunk["file"])
            waiting += chunk.get("imports", [])
    return sum(len(gzip.compress((DIST / file).read_bytes(), 9)) for file in files)


def _p95(values: Sequence[float]) -> float:
    return float(np.percentile(values, 95)) if values else float("nan")


def _median(values: Sequence[float]) -> float:
    return float(np.median(values)) if values else float("nan")
