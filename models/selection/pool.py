"""What a strategy chooses from, and what it gives back."""

from collections.abc import Mapping, Sized
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Reals = NDArray[np.float64]


class SelectionError(ValueError):
    """A choice cannot be made from this pool; the message says what is missing."""


@dataclass(frozen=True, slots=True, eq=False)
class Pool:
    """Candidate tasks of one or several cubes, as arrays of equal length N.

    identity: (N,) unique numbers by which the caller knows the candidates.
    cube, z:  (N,) cube number and slice.
    box:      (N, 4) y0, x0, height, width in pixels; whole slices have the slice's size.
    scores:   name -> (N,), larger is worse; NaN where there is none. Strategies name what they
              need.
    excluded: (N,) bool, never to be chosen (known already, leased, retired).
    known:    (M, 6) cube, z, y0, x0, height, width of what people have agreed on.
    features: (N, F) simple looks of each candidate, or None: they keep choices unlike each other.
    Raises SelectionError where lengths differ or identities repeat.
    """

    identity: Ints
    cube: Ints
    z: Ints
    box: Ints
    scores: Mapping[str, Reals] = field(default_factory=dict)
    excluded: NDArray[np.bool_] | None = None
    known: Ints | None = None
    features: Reals | None = None

    def __post_init__(self) -> None:
        n = len(self.identity)
        columns: dict[str, Sized] = {"cube": self.cube, "z": self.z, "box": self.box, **self.scores}
        if self.excluded is not None:
            columns["excluded"] = self.excluded
        if self.features is not None:
            columns["features"] = self.features
        for name, column in columns.items():
            if len(column) != n:
                raise SelectionError(f"{name} has {len(column)} entries for {n} candidates.")
        if len(np.unique(self.identity)) != n:
            raise SelectionError("Two candidates have the same identity.")

    def __len__(self) -> int:
        return len(self.identity)

    def known_boxes(self) -> Ints:
        """(M, 6) of what is known, empty if nothing is."""
        return np.empty((0, 6), np.int64) if self.known is None else self.known.reshape(-1, 6)

    def open(self) -> NDArray[np.bool_]:
        """(N,) candidates that may be chosen: not excluded and not already known in whole."""
        free = np.ones(len(self), dtype=bool)
        if self.excluded is not None:
            free &= ~self.excluded
        for row in self.known_boxes():
            same = (self.cube == row[0]) & (self.z == row[1])
            if same.any():
                free &= ~(same & (self.covered(row) >= 1))
        return free

    def covered(self, row: Ints, among: Ints | None = None) -> Reals:
        """(N,) share of each candidate's area that lies in the plane of one known box, any cube
        or z; with `among` of those candidates only."""
        y0, x0, height, width = (self.box if among is None else self.box[among]).T
        tall = np.minimum(y0 + height, row[2] + row[4]) - np.maximum(y0, row[2])
        wide = np.minimum(x0 + width, row[3] + row[5]) - np.maximum(x0, row[3])
        share: Reals = np.maximum(tall, 0) * np.maximum(wide, 0) / np.maximum(height * width, 1)
        return share


@dataclass(frozen=True, slots=True)
class Choice:
    """One chosen candidate: its identity, the number that placed it, and why, in plain words."""

    identity: int
    score: float
    reason: str


class Strategy(Protocol):
    """From a pool to the next tasks."""

    name: str

    def choose(self, pool: Pool, n: int, rng: np.random.Generator) -> list[Choice]:
        """At most n distinct open candidates, best first; fewer only where the pool has fewer.

        Deterministic for a given state of rng. Raises SelectionError where the pool lacks a score.
        """
        ...
