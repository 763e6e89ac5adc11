"""Whether certificates keep their word: coverage, width, peeking and anchoring.

    python -m benchmarks.certificate [--full] [--seed N] [--real FOLDER]

Invented studies by the hundred (models.simulate.audits), whose errors look like those measured on
real cubes, and real cubes whose slices are interpolated: phantoms, and the volumes of the folder
named by --real or LAMELLA_DATA_SHARED where there is one. The peer is the plain normal interval
from the same tiles, looked at every round as people do.
"""

import argparse
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from models.quality.certificate import normal_interval
from models.simulate.audits import AuditedStudy, Look, counted, invented, looks

BELOW = 0.02
"""The target lies so far below a study's final quality that it can be reached."""
UNDER = 0.01
"""A study that must not stop has its best quality so far under the target."""


@dataclass
class Tally:
    """What became of some studies, by one way of making intervals."""

    covered: int = 0
    stopped: int = 0
    wrongly: int = 0
    above: int = 0
    studies: int = 0

    def add(self, said: list[tuple[float, float, float]]) -> None:
        """said: (truth, low, high) round by round."""
        truth = [row[0] for row in said]
        target = truth[-1] - BELOW
        stop = next((i for i, row in enumerate(said) if row[1] >= target), None)
        real, low, high = said[-1 if stop is None else stop]
        self.covered += low <= real <= high
        self.stopped += stop is not None
        self.wrongly += any(row[1] >= max(truth) + UNDER for row in said)
        self.above += any(row[1] > row[0] for row in said)
        self.studies += 1

    def share(self, name: str) -> float:
        return float(getattr(self, name)) / max(self.studies, 1)


@dataclass
class Played:
    ours: Tally
    normal: Tally
    half: list[float]
    audited: list[float]
    normal_half: list[float]


def play(studies: Iterator[tuple[AuditedStudy, int]]) -> Played:
    """Every study to its end; half-widths are those of the last round, planned at 8 % audited."""
    played = Played(Tally(), Tally(), [], [], [])
    for study, seed in studies:
        seen = list(looks(study, seed))
        plain = [_normal(look) for look in seen]
        played.ours.add([(s.dice, s.certified.dice.low, s.certified.dice.high) for s in seen])
        played.normal.add([(s.dice, *bounds) for s, bounds in zip(seen, plain, strict=True)])
        last = seen[-1]
        played.half.append((last.certified.dice.high - last.certified.dice.low) / 2)
        played.normal_half.append((plain[-1][1] - plain[-1][0]) / 2)
        played.audited.append(last.audited)
    return played


def _normal(look: Look) -> tuple[float, float]:
    found = normal_interval(look.tiles, look.predicted, look.expected)
    return found.low, found.high


def _improving(count: int, seed: int) -> Iterator[tuple[AuditedStudy, int]]:
    for number in range(count):
        yield invented(np.random.default_rng([seed, number])), seed + number


def _stuck(count: int, seed: int, dice: float) -> Iterator[tuple[AuditedStudy, int]]:
    """Everybody accepts every proposal unedited, and so it stays as it is."""
    for number in range(count):
        rng = np.random.default_rng([seed, number, 1])
        yield invented(rng, dice=[dice] * 8), seed + number


def _row(name: str, value: float, goal: str, ok: bool, peers: dict[str, float]) -> dict[str, Any]:
    return {
        "name": f"certificate: {name}",
        "value": round(value, 4),
        "unit": "share" if "half-width" not in name else "Dice",
        "goal": goal,
        "ok": bool(ok),
        "peers": {key: round(v, 4) for key, v in peers.items()},
    }


def rows(quick: bool = True, seed: int = 0) -> list[dict[str, Any]]:
    """{"name", "value", "unit", "goal", "ok", "peers"} of each promise. quick: 100 invented
    studies instead of 500, and fewer real cubes."""
    count = 100 if quick else 500
    improving = play(_improving(count, seed))
    result = _tables(f"{count} invented studies", improving)
    anchored = play(_stuck(count, seed, 0.80))
    result.append(
        _row(
            f"everybody accepts a .80 proposal unedited, {count} studies that ever claim more",
            anchored.ours.share("above"),
            "0",
            anchored.ours.above == 0,
            {"normal interval": anchored.normal.share("above"), "audits over the proposal": 1.0},
        )
    )
    result.append(
        _row(
            f"{count} studies that stay .01 under the target in all rounds, ever stop",
            anchored.ours.share("wrongly"),
            "<= .05",
            anchored.ours.share("wrongly") <= 0.05,
            {"normal interval": anchored.normal.share("wrongly")},
        )
    )
    for name, studies in real_cubes(quick):
        repeats = max(1, (20 if quick else 100) // len(studies))
        played = play((s, seed + r) for s in studies for r in range(repeats))
        result += _tables(f"{name} interpolated, {played.ours.studies} draws", played)
    return result


def _tables(name: str, played: Played) -> list[dict[str, Any]]:
    ours, normal = played.ours, played.normal
    half, most = float(np.mean(played.half)), float(np.mean(played.audited))
    return [
        _row(
            f"{name}, interval holds the truth at stopping",
            ours.share("covered"),
            ">= .93",
            ours.share("covered") >= 0.93,
            {"normal interval": normal.share("covered")},
        ),
        _row(
            f"{name}, half-width",
            half,
            "<= .025 at <= 8 % audited",
            half <= 0.025 and most <= 0.0805,
            {
                "90 % of studies below": float(np.quantile(played.half, 0.9)),
                "area audited": most,
                "normal interval": float(np.mean(played.normal_half)),
            },
        ),
        _row(
            f"{name}, truth .01 under the target, ever stop",
            ours.share("wrongly"),
            "<= .05",
            ours.share("wrongly") <= 0.05,
            {"normal interval": normal.share("wrongly")},
        ),
        _row(
            f"{name}, target .02 under the final quality, reached",
            ours.share("stopped"),
            "reported",
            True,
            {"normal interval": normal.share("stopped")},
        ),
    ]


def real_cubes(quick: bool, folder: str = "") -> Iterator[tuple[str, list[AuditedStudy]]]:
    """Named groups of real error fields; those whose data is not there are left out."""
    from models.simulate.phantom import make_phantom

    few = np.linspace(0.08, 0.40, 8).tolist()
    seeds = range(1 if quick else 3)
    yield (
        "phantoms",
        [counted(make_phantom((48, 192, 192), seed=s).labels, 1, few) for s in seeds],
    )
    root = Path(folder or os.environ.get("LAMELLA_DATA_SHARED", "../shared/data"))
    if not root.is_dir():
        return
    import tifffile

    cases = sorted(root.glob("hippocampus/*/labels.tif"))[: 3 if quick else 20]
    if cases:
        shown = np.linspace(0.18, 0.50, 8).tolist()
        read = [tifffile.imread(case) for case in cases]
        yield "hippocampus (2 classes)", [counted(truth, 2, shown) for truth in read]
    others = {
        "brats-flair-0003": np.linspace(0.03, 0.15, 8).tolist(),
        "mouse-embryo-16cell": np.linspace(0.12, 0.40, 8).tolist(),
        "vnc-mitochondria": np.linspace(0.20, 0.60, 8).tolist(),
    }
    for name, shown in others.items():
        path = root / name / "labels.tif"
        if path.is_file() and not (quick and name == "vnc-mitochondria"):
            truth = (tifffile.imread(path) > 0).astype(np.uint8)
            yield name, [counted(truth, 1, shown)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="500 studies, every real cube")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--real", default="", help="folder of real volumes")
    given = parser.parse_args()
    if given.real:
        os.environ["LAMELLA_DATA_SHARED"] = given.real
    for row in rows(not given.full, given.seed):
        peers = ", ".join(f"{key} {value}" for key, value in row["peers"].items())
        mark = "ok   " if row["ok"] else "SHORT"
        print(f"{mark} {row['name']}: {row['value']} {row['unit']} (goal {row['goal']}; {peers})")


if __name__ == "__main__":
    main()
