"""``make bench-annotator``: every budget of the correction page, measured on the real page.

    python -m benchmarks.annotator [--json FILE]

Needs the front end built, Chromium, and quiet processors: times say as much of the machine as of
the page.
"""

import argparse
import json
import sys
from pathlib import Path

from benchmarks.annotator.budgets import rows
from benchmarks.annotator.peer import napari_layer
from benchmarks.annotator.place import serving
from benchmarks.annotator.script import LARGE, SIDE, script
from benchmarks.annotator.visit import Seen, chromium, visit
from benchmarks.rows import Row
from benchmarks.table import show

VISITS = ((SIDE, 1), (SIDE, 4), (LARGE, 1))
"""(side of the slice, by how many times the processor is slowed down)."""


def main(argv: list[str] | None = None) -> int:
    """Measure, print, write; 0 where every budget was kept."""
    parser = argparse.ArgumentParser(prog="benchmarks.annotator", description=__doc__)
    parser.add_argument("--json", type=Path, help="write the rows to this file")
    options = parser.parse_args(argv)
    peer = napari_layer(script())
    seen: dict[tuple[int, int], Seen] = {}
    found: list[Row] = []
    with serving() as place, chromium() as browser:
        for side, slowdown in VISITS:
            print(
                f"{side}²" + (f", processor {slowdown}x slower" * (slowdown > 1)) + " …", flush=True
            )
            seen[side, slowdown] = visit(browser, place, script(side), slowdown=slowdown)
            found = rows(seen, peer)
            if options.json:  # after each visit: nothing is lost where a later one is broken off
                options.json.parent.mkdir(parents=True, exist_ok=True)
                text = json.dumps({"rows": found}, indent=1, allow_nan=False)
                options.json.write_text(text + "\n")
    show("The correction page and its budgets", found)
    return 0 if all(row["ok"] for row in found) else 1


if __name__ == "__main__":
    sys.exit(main())
