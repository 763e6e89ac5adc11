"""Whether certificates keep their word: coverage, width, peeking, anchoring, undoubted errors.

    python -m benchmarks.certificate [--full] [--seed N] [--real FOLDER] [--tuning]

Invented studies by the hundred (models.simulate.audits), whose errors look like those measured on
real cubes; others whose model misses objects that it does not doubt at all; and real cubes whose
slices are interpolated: phantoms, and the volumes of the data folder (`benchmarks.data`), where
there is one. The peer is the plain normal interval from the same tiles, looked at every round as
people do.

Settings are chosen on the studies that --tuning plays; the rows report on others.
"""

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks.data import DataError, data_folder
from benchmarks.rows import Row, row
from models.quality.certificate import Interval, certify
from models.simulate.audits import AuditedStudy, Look, counted, invented, looks, undoubted

REPORTED = 700_000
"""Where the seeds of reported studies begin; those below are there to tune on."""
BELOW = 0.02
"""The target lies so far below a study's final quality that it can be reached."""
UNDER = 0.01
"""A study that must not stop has its best quality so far under the target."""
UNDOUBTED = (0.012, 0.02, 0.04)
"""Shares of the tiles without doubt that hold an object which the model misses."""


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
        plain = [normal_interval(look) for look in seen]
        played.ours.add([(s.dice, s.certified.dice.low, s.certified.dice.high) for s in seen])
        played.normal.add([(s.dice, n.low, n.high) for s, n in zip(seen, plain, strict=True)])
        last = seen[-1]
        played.half.append((last.certified.dice.high - last.certified.dice.low) / 2)
        played.normal_half.append((plain[-1].high - plain[-1].low) / 2)
        played.audited.append(last.audited)
    return played


def normal_interval(look: Look, alpha: float = 0.05) -> Interval:
    """The plain normal interval from the same tiles, all of them sure."""
    from scipy.stats import norm

    tiles, predicted, expected = look.tiles, look.predicted, float(look.chances.sum())
    n = len(tiles.chance)
    false = (tiles.predicted - tiles.both) / tiles.chance
    missed = (tiles.true - tiles.both) / tiles.chance
    false_all, missed_all = expected * false.mean(1), expected * missed.mean(1)
    total = np.maximum(2 * predicted - false_all + missed_all, 1e-9)
    point = 2 * np.maximum(predicted - false_all, 0) / total
    a, b = false - false.mean(1, keepdims=True), missed - missed.mean(1, keepdims=True)
    part = ((-2 * a + point[:, None] * (a - b)) / total[:, None]).mean(axis=0)
    reach = float(norm.ppf(1 - alpha / 2)) * expected * float(np.sqrt((part**2).sum())) / n
    value = float(point.mean())
    return Interval(value, value - reach, value + reach)


def _over_the_proposal(studies: Iterator[tuple[AuditedStudy, int]]) -> float:
    """Share of studies whose last audit would claim more than there is, were the same tiles drawn
    over the proposal by people who accept whatever they see."""
    claims = []
    for study, seed in studies:
        last = list(looks(study, seed))[-1]
        accepted = replace(last.tiles, true=last.tiles.predicted, both=last.tiles.predicted)
        said = certify(accepted, last.predicted, last.chances, last.alpha)
        claims.append(said.dice.low > last.dice)
    return float(np.mean(claims))


def _improving(count: int, seed: int) -> Iterator[tuple[AuditedStudy, int]]:
    for number in range(count):
        yield invented(np.random.default_rng([seed, number])), seed + number


def _stuck(count: int, seed: int, dice: float) -> Iterator[tuple[AuditedStudy, int]]:
    """Everybody accepts every proposal unedited, and so it stays as it is."""
    for number in range(count):
        rng = np.random.default_rng([seed, number, 1])
        yield invented(rng, dice=[dice] * 8), seed + number


def _unseen(count: int, seed: int, share: float) -> Iterator[tuple[AuditedStudy, int]]:
    for number in range(count):
        rng = np.random.default_rng([seed, number, 2])
        yield undoubted(rng, share), seed + number


def rows(quick: bool = True, seed: int = 0, first: int = REPORTED) -> list[Row]:
    """{"name", "value", "unit", "goal", "ok", "peers"} of each promise. quick: 100 invented
    studies instead of 500, and fewer real cubes. first: where seeds begin."""
    return list(measured(quick, seed, first))


def measured(quick: bool, seed: int, first: int = REPORTED) -> Iterator[Row]:
    """The rows one after another."""
    count, start = 100 if quick else 500, first + 1000 * seed
    yield from _tables(f"{count} invented studies", play(_improving(count, start)))
    anchored = play(_stuck(count, start, 0.80))
    claims = {
        "normal interval": anchored.normal.share("above"),
        "the same tiles drawn over the proposal, last look": _over_the_proposal(
            _stuck(min(count, 20), start, 0.80)
        ),
    }
    yield _share(
        f"everybody accepts a .80 proposal unedited, {count} studies that ever claim more",
        anchored.ours.share("above"),
        "<= 0",
        claims,
    )
    yield _share(
        f"{count} studies that stay .01 under the target in all rounds, ever stop",
        anchored.ours.share("wrongly"),
        "<= 0.05",
        {"normal interval": anchored.normal.share("wrongly")},
    )
    for share in UNDOUBTED:
        played = play(_unseen(count, start, share))
        yield _share(
            f"objects missed without doubt in {100 * share:g} % of the other tiles, "
            f"{count} studies that ever claim more than there is",
            played.ours.share("above"),
            "<= 0.05",
            {
                "normal interval": played.normal.share("above"),
                "half-width": round(float(np.mean(played.half)), 4),
            },
        )
    for name, studies in real_cubes(quick, tuning=first < REPORTED):
        repeats = max(1, (20 if quick else 100) // len(studies))
        played = play((s, start + r) for s in studies for r in range(repeats))
        yield from _tables(f"{name} interpolated, {played.ours.studies} draws", played)


def _share(name: str, value: float, goal: str, peers: dict[str, float]) -> Row:
    return row(f"certificate: {name}", value, "share", goal, peers)


def _tables(name: str, played: Played) -> list[Row]:
    ours, normal = played.ours, played.normal
    return [
        _share(
            f"{name}, interval holds the truth at stopping",
            ours.share("covered"),
            ">= 0.93",
            {"normal interval": normal.share("covered")},
        ),
        row(
            f"certificate: {name}, half-width at 8 % audited",
            float(np.mean(played.half)),
            "Dice",
            "<= 0.025",
            {
                "90 % of studies below": round(float(np.quantile(played.half, 0.9)), 4),
                "area audited": round(float(np.mean(played.audited)), 4),
                "normal interval": round(float(np.mean(played.normal_half)), 4),
            },
        ),
        _share(
            f"{name}, truth .01 under the target, ever stop",
            ours.share("wrongly"),
            "<= 0.05",
            {
                "normal interval": normal.share("wrongly"),
                "a target .02 under the final quality is reached": ours.share("stopped"),
                "and by the normal interval": normal.share("stopped"),
            },
        ),
    ]


def real_cubes(quick: bool, tuning: bool = False) -> Iterator[tuple[str, list[AuditedStudy]]]:
    """Named groups of real error fields; those whose data is not there are left out. tuning: the
    phantoms and cases to tune on instead of those that report."""
    from models.simulate.phantom import make_phantom

    few = np.linspace(0.08, 0.40, 8).tolist()
    seeds = range(0 if tuning else 10, (0 if tuning else 10) + (1 if quick else 3))
    yield (
        "phantoms",
        [counted(make_phantom((48, 192, 192), seed=s).labels, 1, few) for s in seeds],
    )
    try:
        root = data_folder()
    except DataError as error:
        print(error, file=sys.stderr)
        return
    import tifffile

    cases = sorted(root.glob("hippocampus/*/labels.tif"))
    cases = (cases[:20] if tuning else cases[20:])[: 3 if quick else 20]
    if cases:
        shown = np.linspace(0.18, 0.50, 8).tolist()
        read = [tifffile.imread(case) for case in cases]
        yield "hippocampus (2 classes)", [counted(truth, 2, shown) for truth in read]
    if tuning:
        return
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


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.certificate", description=__doc__)
    parser.add_argument("--full", action="store_true", help="500 studies, every real cube")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--real", type=Path, help="folder of real volumes")
    parser.add_argument("--tuning", action="store_true", help="studies that settings are tuned on")
    given = parser.parse_args(argv)
    if given.real:
        os.environ["LAMELLA_DATA_SHARED"] = str(given.real)
    for found in measured(not given.full, given.seed, 0 if given.tuning else REPORTED):
        peers = ", ".join(f"{key} {value:.4g}" for key, value in found["peers"].items())
        mark = "ok   " if found["ok"] else "SHORT"
        print(
            f"{mark} {found['name']}: {found['value']} (goal {found['goal']}; {peers})", flush=True
        )


if __name__ == "__main__":
    main()
