"""``make bench-desks``: every page and the offers of tasks, over a million tasks.

    python -m benchmarks.desks [--database postgres|sqlite] [--scale F] [--only pages|offers]
        [--folder FOLDER] [--json FILE]

The database is made on the first run and used again until what makes it changes. Needs the front
end built, and quiet processors: times say as much of the machine as of the pages.
"""

import argparse
import json
import sys
import time
from pathlib import Path

from benchmarks.desks.place import ROOT, installed, serving
from benchmarks.desks.plan import StudyPlan
from benchmarks.desks.sizes import Sizes
from benchmarks.rows import Row
from benchmarks.table import show

RATE = 100
"""Requests a second."""


def main(argv: list[str] | None = None) -> int:
    """Measure, print, write; 0 where every goal was met."""
    parser = argparse.ArgumentParser(prog="benchmarks.desks", description=__doc__)
    parser.add_argument("--database", choices=("postgres", "sqlite"), default="postgres")
    parser.add_argument("--scale", type=float, default=1.0, help="share of the full size")
    parser.add_argument("--only", choices=("pages", "offers"), help="half of it")
    parser.add_argument("--repeats", type=int, default=20, help="requests of each page and role")
    parser.add_argument("--seconds", type=float, default=60.0, help="of offers")
    parser.add_argument("--workers", type=int, default=2, help="processes of the server")
    parser.add_argument("--folder", type=Path, help="where the database is kept")
    parser.add_argument("--json", type=Path, help="write the rows to this file")
    options = parser.parse_args(argv)
    sizes = Sizes().scaled(options.scale)
    folder = options.folder or (
        ROOT / "var" / "bench-desks" / f"{options.database}-{options.scale:g}"
    )
    rows: list[Row] = []
    with installed(options.database, folder.resolve(), sizes, _say) as plans:
        if options.only != "offers":
            rows += _pages(plans[0], options.repeats, timed=options.database == "postgres")
            _write(options.json, rows)
        if options.only != "pages" and options.database == "postgres":
            rows += _offers(plans[0], sizes, folder.resolve(), options)
            _write(options.json, rows)
    show(f"Pages and offers over {sizes.tasks:,} tasks, {options.database}", rows)
    return 0 if rows and all(row["ok"] for row in rows) else 1


def _say(text: str) -> None:
    print(text, flush=True)


def _write(path: Path | None, rows: list[Row]) -> None:
    if path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"rows": rows}, indent=1, allow_nan=False) + "\n")


def _pages(plan: StudyPlan, repeats: int, *, timed: bool) -> list[Row]:
    from benchmarks.desks.pages import Seen, see_all
    from lamella.loop.kept import freshen

    # The scheduler does it all day long.
    began = time.monotonic()
    while freshen() and time.monotonic() - began < 300:
        pass
    _say(f"  counted in {time.monotonic() - began:.0f} s")
    from benchmarks.desks.report import page_rows
    from lamella.config.settled import settle

    # As in a server's process, before it answers anybody.
    settle()

    seen: list[Seen] = []
    for one in see_all(plan, repeats):
        size = f"{one.weight.all / 1000:.0f} KB" if one.weight else ""
        _say(f"  {one.name:28} {one.role:8} {one.p95:7.1f} ms {one.queries:3} queries {size}")
        seen.append(one)
    return page_rows(seen, timed=timed)


def _offers(plan: StudyPlan, sizes: Sizes, folder: Path, options: argparse.Namespace) -> list[Row]:
    from benchmarks.desks import offers
    from benchmarks.desks.report import offer_rows

    offers.give_back()
    warm = RATE * 3
    keys = offers.sign_in(sizes, warm + round(RATE * options.seconds))
    with serving(folder, workers=options.workers, threads=4) as address:
        # Workers open connections and volumes with their first requests.
        offers.ask(address, plan.shape.slug, keys[:warm], rate=RATE / 2)
        load = offers.ask(address, plan.shape.slug, keys[warm:], rate=RATE)
    over = offers.over_redundancy()
    offers.give_back()
    return offer_rows(load, over, RATE)


if __name__ == "__main__":
    sys.exit(main())
