"""``make bench-science``: every row of the science, as a table and as JSON.

    python -m benchmarks [--full] [--only NAME,...] [--seed N] [--jobs N] [--json FILE]

Each module of this package that has a function ``rows(quick, seed)`` gives some rows; a module's
name, or the beginning of it, chooses it with --only. Simulated studies are kept as cells, so that a
run that was broken off goes on where it was.
"""

import argparse
import importlib
import json
import os
import pkgutil
import sys
import time
import traceback
from pathlib import Path
from typing import Any

from benchmarks.table import show

ROOT = Path(__file__).resolve().parent.parent


def modules() -> dict[str, Any]:
    """The modules of this package that give rows, by name."""
    import benchmarks

    found = {}
    for info in pkgutil.iter_modules(benchmarks.__path__):
        if info.name.startswith("_"):
            continue
        module = importlib.import_module(f"benchmarks.{info.name}")
        if callable(getattr(module, "rows", None)):
            found[info.name] = module
    return found


def main(argv: list[str] | None = None) -> int:
    """Measure, print, write; 0 where every row met its goal."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("--full", action="store_true", help="the slow rows too")
    parser.add_argument("--only", default="", help="modules by name, with commas between")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2, help="simulated studies at a time")
    parser.add_argument("--json", type=Path, help="write the rows to this file")
    options = parser.parse_args(argv)
    _set_up(options.jobs)
    chosen = [name.strip() for name in options.only.split(",") if name.strip()]
    known = modules()
    wrong = [name for name in chosen if not any(key.startswith(name) for key in known)]
    if wrong:
        parser.error(f"there is no benchmark “{wrong[0]}”; choose from {', '.join(known)}")
    rows: list[dict[str, Any]] = []
    for name, module in known.items():
        if chosen and not any(name.startswith(c) for c in chosen):
            continue
        rows += _measured(name, module, quick=not options.full, seed=options.seed)
        if options.json:  # after each module: nothing is lost where a later one is broken off
            options.json.parent.mkdir(parents=True, exist_ok=True)
            options.json.write_text(json.dumps({"rows": rows}, indent=1, allow_nan=False) + "\n")
    show("What the science promises, measured", rows)
    return 0 if rows and all(row["ok"] for row in rows) else 1


def _set_up(jobs: int) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lamella.config.settings")
    os.environ["LAMELLA_BENCH_JOBS"] = str(jobs)
    for place in (ROOT / "platform", ROOT):
        if str(place) not in sys.path:
            sys.path.insert(0, str(place))
    import django

    django.setup()


def _measured(name: str, module: Any, *, quick: bool, seed: int) -> list[dict[str, Any]]:
    """A module's rows; a module that fails is one row that says so."""
    print(f"{name} …", flush=True)
    began = time.monotonic()
    try:
        rows: list[dict[str, Any]] = module.rows(quick, seed)
    except Exception as error:
        traceback.print_exc()
        failed: dict[str, Any] = {"value": None, "unit": "", "goal": "", "ok": False, "peers": {}}
        return [{"name": name, **failed, "error": f"{type(error).__name__}: {error}"}]
    minutes = (time.monotonic() - began) / 60
    print(f"{name}: {len(rows)} rows, {minutes:.1f} minutes", flush=True)
    return rows


if __name__ == "__main__":
    sys.exit(main())
