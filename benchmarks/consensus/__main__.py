"""``make bench-consensus``: consensus of masks and marks, as a table and as JSON.

    python -m benchmarks.consensus [--full] [--only PART,...] [--seed N] [--json FILE]

Parts: cases (or one of a, b1, b2, b3, c, c5), speed, crowd, marks. Every run draws a fresh seed and
prints it.
"""

import argparse
import json
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path

import cv2

from benchmarks.rows import Row
from benchmarks.table import show

TUNED_ON = (900,)
"""Seeds on which defaults were chosen; a report names others."""


def parts(
    *,
    full: bool,
    seed: int,
    only: list[str],
    images: int | None = None,
    compared: int | None = None,
) -> Iterator[Iterator[Row]]:
    """The rows of each part that was asked for."""
    from benchmarks.consensus import cases, crowd, marks, speed

    chosen = [c for c in cases.CASES if c in only]
    if not only or "speed" in only:
        yield speed.rows(seed=seed)
    if not only or "cases" in only or chosen:
        yield cases.rows(
            seed=seed,
            images=images or (40 if full else 20),
            side=1024 if full else 512,
            compared=compared if compared is not None else 20 if full else 4,
            only=chosen or None,
        )
    if not only or "crowd" in only:
        yield crowd.rows(
            seed=seed, tasks=images or (120 if full else 58), side=768 if full else 384
        )
    if not only or "marks" in only:
        yield marks.rows(seed=seed, share=1.0 if full else 0.02)


def main(argv: list[str] | None = None) -> int:
    """Measure, print, write; 0 where every row met its goal."""
    parser = argparse.ArgumentParser(prog="benchmarks.consensus", description=__doc__)
    parser.add_argument("--full", action="store_true", help="larger images, more of them, marks")
    parser.add_argument("--only", default="", help="parts by name, with commas between")
    parser.add_argument("--seed", type=int, help="draw the same crowds again")
    parser.add_argument("--images", type=int, help="images a case, tasks of the crowd")
    parser.add_argument("--compared", type=int, help="images a case that crowd-kit and STAPLE see")
    parser.add_argument("--json", type=Path, help="write the rows to this file")
    options = parser.parse_args(argv)
    cv2.setNumThreads(1)
    seed = secrets.randbelow(10**6) + 1000 if options.seed is None else options.seed
    print(f"seed {seed}", flush=True)
    if seed in TUNED_ON:
        print("Defaults were chosen on this seed; do not report what it gives.")
    only = [name.strip() for name in options.only.split(",") if name.strip()]
    rows: list[Row] = []
    for part in parts(
        full=options.full, seed=seed, only=only, images=options.images, compared=options.compared
    ):
        for row in part:
            rows.append({**row, "seed": seed})
            print(f"  {row['name']}: {row['value']} ({row['goal']}) {row['peers']}", flush=True)
            if options.json:
                options.json.parent.mkdir(parents=True, exist_ok=True)
                text = json.dumps({"rows": rows}, indent=1, allow_nan=False)
                options.json.write_text(text + "\n")
    if not rows:
        parser.error(f"there is no part “{options.only}”; see --help")
    show("Consensus, measured", rows)
    return 0 if all(row["ok"] for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
