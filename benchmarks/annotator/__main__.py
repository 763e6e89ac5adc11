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
from benchmarks.annotator.script import script
from benchmarks.annotator.visit import chromium, visit
from benchmarks.table import show

SLOWDOWNS = (1, 4)


def main(argv: list[str] | None = None) -> int:
    """Measure, print, write; 0 where every budget was kept."""
    parser = argparse.ArgumentParser(prog="benchmarks.annotator", description=__doc__)
    parser.add_argument("--json", type=Path, help="write the rows to this file")
    options = parser.parse_args(argv)
    drawn = script()
    with serving() as place, chromium() as browser:
        seen = {factor: visit(browser, place, drawn, slowdown=factor) for factor in SLOWDOWNS}
    found = rows(seen, napari_layer(drawn))
    show("The correction page and its budgets", found)
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps({"rows": found}, indent=1, allow_nan=False) + "\n")
    return 0 if all(row["ok"] for row in found) else 1


if __name__ == "__main__":
    sys.exit(main())
