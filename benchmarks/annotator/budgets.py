"""The budgets of the correction page, and the rows that hold what was seen against them."""

import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.annotator.peer import Peer
from benchmarks.annotator.script import SIDE
from benchmarks.annotator.visit import Seen
from benchmarks.rows import Row, row

ROOT = Path(__file__).resolve().parents[2]
DIST = ROOT / "frontend" / "web" / "dist"
BEFORE = ROOT / "platform" / "lamella" / "pages" / "first-task.js"
ENTRY = "src/annotator/main.ts"


def rows(seen: dict[tuple[int, int], Seen], peer: Peer | None) -> list[Row]:
    """``seen``: by the side of the slice, and by how many times the processor was slowed down."""
    found = [row("first JavaScript, gzipped", first_javascript() / 1024, "KB", "<= 60")]
    for (side, slowdown), s in sorted(seen.items()):
        # What a mock reached is allowed for the full speed, and more for a slow machine.
        found += _drawing(s, side, slowdown, peer if (side, slowdown) == (SIDE, 1) else None)
    return found


def _drawing(s: Seen, side: int, slowdown: int, peer: Peer | None) -> list[Row]:
    def named(what: str) -> str:
        large = what if side == SIDE else f"{what}, {side}²"
        return large if slowdown == 1 else f"{large}, processor {slowdown}x slower"

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
        facts = {
            "of which server, beside it": round(s.server / 1000, 3),
            "with the server": round(s.visible / 1000, 3),
        }
        return [*found, row(named("slice visible at 20 Mbit/s"), visible, "s", "<= 1", facts)]
    # Budgets are for SIDE. On a larger slice the same stroke is longer, and its blobs are larger.
    times = side // SIDE
    return [
        *found,
        row(named("stroke end, longest"), max(s.ends, default=None), "ms", f"<= {10 * times}"),
        row(named("undo and redo, longest"), max(s.undos, default=None), "ms", f"<= {10 * times}"),
        row(named("undo memory, median stroke"), _median(s.patches) / 1024, "KB", "<= 32"),
        row(
            named("fill of a blob, p95"),
            _p95(s.fills),
            "ms",
            f"<= {10 * times**2}",
            {"napari": _p95(peer.fills)} if peer else {},
        ),
        row(named("lasso, p95"), _p95(s.lassos), "ms", f"<= {3 * times**2}"),
        row(f"code the mask of {side}²", _median(s.seal), "ms", f"<= {60 * times**2}"),
        row(
            named("flip to a neighbour, warm, p95"),
            _p95(s.flips),
            "ms",
            "<= 16",
            {
                "until the second frame after the key": _p95(s.shown),
                "the same, of a key that does nothing": _p95(s.idle),
            },
        ),
    ]


def first_javascript() -> int:
    """Gzipped bytes of the page's entry, of its static imports and of what runs first."""
    manifest: dict[str, Any] = json.loads((DIST / "manifest.json").read_text())
    files: set[str] = set()
    waiting = [ENTRY]
    while waiting:
        chunk = manifest[waiting.pop()]
        if chunk["file"] not in files:
            files.add(chunk["file"])
            waiting += chunk.get("imports", [])
    paths = [BEFORE, *(DIST / file for file in files)]
    return sum(len(gzip.compress(path.read_bytes(), 9)) for path in paths)


def _p95(values: Sequence[float]) -> float:
    return float(np.percentile(values, 95)) if values else float("nan")


def _median(values: Sequence[float]) -> float:
    return float(np.median(values)) if values else float("nan")
