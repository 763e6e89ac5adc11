"""A cell: one study played through by one strategy, one kind of volunteers and one seed."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings

OPENINGS = "LAMELLA_OPENINGS"
"""Environment variable with a folder for the first models, see opening.py; without it every study
trains its own."""
FORMAT = 2
"""Raised when what a cell's result holds changes."""


@dataclass(frozen=True)
class Preset:
    """How a simulated study goes. Shares are of all slices (or tiles) of the cubes.

    seed_share: shown in round 0, before anything was proposed, but ``fewest_seeds`` at least, and
    one of each cube;
    round_share, audit_share: shown in each round after it, ``fewest_work`` chosen ones at least;
    budget: the study ends with the round that reaches this share, or, where ``until`` is set, with
    the first whose final mask has that Dice.
    first_steps, round_steps: training steps from nothing, and of each warm start.
    redundancy: people a task at most, for a cast; the perfect volunteer is asked once. Two draw
    each, and another one where a mask more is expected to help (`settings`, crowd.gain).
    everybody: people who draw each slice where a cast draws all of them.
    target: the Dice at which a certificate ends the study; without it ``until``, where that is set.
    settings: of the study, by section (see models.config).
    """

    seed_share: float
    round_share: float
    audit_share: float
    budget: float
    rounds: int
    first_steps: int
    round_steps: int
    fewest_seeds: int = 3
    fewest_work: int = 2
    redundancy: int = 4
    everybody: int = 5
    until: float | None = None
    target: float | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)


# Few large windows a step, and twice as many where slices are small: the best Dice for a core's
# seconds (see docs/benchmarks.md).
_SMALL_STEPS = {
    "max_seconds": None,
    "crop": 96,
    "windows": 4,
    "pixels": 4 * 96**2,
    "checkpoint_seconds": 1e6,
}

# A third and a fourth person cost a tenth of the seconds of two, and take away a seventh of what
# two get wrong (see docs/adr/0022-arrivals-and-inventions.md).
_CROWD = {"gain": 0.07}

PRESETS: dict[str, Preset] = {
    "quick": Preset(
        seed_share=0.04,
        round_share=0.02,
        audit_share=0.01,
        budget=0.25,
        rounds=12,
        first_steps=300,
        round_steps=120,
        settings={"train": _SMALL_STEPS, "crowd": _CROWD},
    ),
    "full": Preset(
        seed_share=0.04,
        round_share=0.015,
        audit_share=0.0075,
        budget=0.35,
        rounds=30,
        first_steps=600,
        round_steps=200,
        settings={"train": _SMALL_STEPS, "crowd": _CROWD},
    ),
}


@dataclass(frozen=True)
class Cell:
    """Everything that a result depends on, but for the code.

    images, labels: of the study's cubes, in the same order. Paths count by their content.
    """

    images: tuple[Path, ...]
    labels: tuple[Path, ...]
    image_hashes: tuple[str, ...]
    labels_hashes: tuple[str, ...]
    classes: str
    strategy: str
    volunteers: str
    seed: int
    preset: str
    rounds: int
    budget: float
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Name of the cell in the cache: a hash of all that its result depends on."""
        described = {
            f.name: getattr(self, f.name)
            for f in fields(self)
            if f.name not in ("images", "labels", "preset")
        }
        described |= {
            "plan": asdict(PRESETS[self.preset]),
            "code": code_hash(),
            "format": FORMAT,
        }
        text = json.dumps(described, sort_keys=True, default=dict)
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    def to_json(self) -> dict[str, Any]:
        paths = {name: [str(p) for p in getattr(self, name)] for name in _PATHS}
        return {**asdict(self), **paths}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "Cell":
        paths = {name: tuple(map(Path, values[name])) for name in _PATHS}
        hashes = {name: tuple(values[name]) for name in ("image_hashes", "labels_hashes")}
        return cls(**{**values, **paths, **hashes})

    @property
    def words(self) -> str:
        return f"{self.strategy}, {self.volunteers}, seed {self.seed}"


_PATHS = ("images", "labels")

# What decides on a result: everything learned or inferred, and the loop that drives it.
_CODE = ("models", "workers", "platform/lamella")
# What a cell never runs, or what only starts cells and shows results.
_NOT_CODE = (
    "platform/lamella/accounts",
    "platform/lamella/pages",
    "workers/simulation/report",
    "workers/simulation/host.py",
    "workers/simulation/pool.py",
    "workers/simulation/progress.py",
    "workers/simulation/result.py",
    "workers/simulation/run.py",
    "workers/simulation/table.py",
    "models/simulate/phantom",
)


@lru_cache(maxsize=1)
def code_hash() -> str:
    """Hash of the source code that decides on results, as it was when first asked."""
    digest = hashlib.sha256()
    for name in _CODE:
        place = settings.ROOT / name
        for file in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
            relative = file.relative_to(settings.ROOT).as_posix()
            if not relative.startswith(_NOT_CODE):
                digest.update(relative.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()
