"""What is drawn at random: what each task is, and who corrected it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.desks.people import volunteer_keys
from benchmarks.desks.plan import StudyPlan
from benchmarks.desks.sizes import ACROSS, Sizes

CHUNK = 50_000
"""Rows that are made at a time."""
REDUNDANCY = 3
OPEN, RETIRED, ACCEPTED = 0, 1, 2


@dataclass
class Tasks:
    """All tasks as columns; row n has the id n + 1."""

    study: NDArray[np.int32]
    round: NDArray[np.int32]
    """By number within the study."""
    cube: NDArray[np.int32]
    place: NDArray[np.int64]
    """(slice * ACROSS + row) * ACROSS + column"""
    state: NDArray[np.int8]
    audit: NDArray[np.bool_]
    blind: NDArray[np.bool_]
    masks: NDArray[np.int8]
    """How many corrections it has."""
    share: NDArray[np.float64]
    """When it was opened: 0 the beginning, 1 now."""
    agreement: NDArray[np.float64]
    score: NDArray[np.float64]


def draw(plans: list[StudyPlan], sizes: Sizes, rng: np.random.Generator) -> Tasks:
    """What each task is; exactly ``sizes.corrections`` masks in all, where they fit."""
    columns: dict[str, list[NDArray[Any]]] = {name: [] for name in Tasks.__dataclass_fields__}
    for plan in plans:
        count, rounds = len(plan.tasks), len(plan.rounds)
        order = np.arange(count)
        turn = order * rounds // count
        cube = order % len(plan.cubes)
        # Each cube's places in an order of its own, without repetition.
        places = np.concatenate(
            [
                rng.permutation(plan.depth * ACROSS * ACROSS)[
                    : len(range(c, count, len(plan.cubes)))
                ]
                for c in range(len(plan.cubes))
            ]
        )
        place = np.empty(count, np.int64)
        place[np.argsort(cube, kind="stable")] = places
        newest = turn == rounds - 1
        retired = rng.random(count) < np.where(turn >= rounds - 5, 0.3, 0.1)
        state = np.where(retired, RETIRED, ACCEPTED)
        state = np.where(newest, np.where(rng.random(count) < 0.5, OPEN, RETIRED), state)
        audit = rng.random(count) < 0.2
        columns["study"].append(np.full(count, plan.id))
        columns["round"].append(turn)
        columns["cube"].append(cube + plan.cubes[0])
        columns["place"].append(place)
        columns["state"].append(state)
        columns["audit"].append(audit)
        columns["blind"].append(audit & (turn > rounds // 2) & (rng.random(count) < 0.5))
        columns["masks"].append(np.where(state == OPEN, rng.integers(0, 3, count), REDUNDANCY))
        columns["share"].append((turn + rng.random(count)) / rounds * 0.97)
        columns["agreement"].append(np.clip(rng.beta(18, 1.6, count), 0, 1))
        columns["score"].append(rng.gamma(2, 0.01, count))
    tasks = Tasks(**{name: np.concatenate(parts) for name, parts in columns.items()})
    agreed = np.flatnonzero(tasks.state != OPEN)
    missing = sizes.corrections - int(tasks.masks.sum())
    # Where volunteers disagreed, somebody else was asked.
    more = rng.choice(agreed, min(max(missing, 0), len(agreed)), replace=False)
    tasks.masks[more] += 1
    return tasks


class Hands:
    """Who corrected which task: one row a correction, its lease beside it."""

    def __init__(self, tasks: Tasks, sizes: Sizes, rng: np.random.Generator) -> None:
        self.task = np.repeat(np.arange(len(tasks.study)), tasks.masks)
        self.first = np.concatenate([[0], np.cumsum(tasks.masks)[:-1]])
        """Of a task's rows."""
        self.masks = tasks.masks
        within = np.arange(len(self.task)) - self.first[self.task]
        # A few do most of the work.
        weights = (np.arange(sizes.volunteers) + 10.0) ** -0.8
        one = rng.choice(sizes.volunteers, len(tasks.study), p=weights / weights.sum())
        # The others of a task stand apart from the first by steps that do not meet.
        step = rng.integers(1, max(2, sizes.volunteers // 4), len(tasks.study))
        self.volunteer = (one[self.task] + within * step[self.task]) % sizes.volunteers
        self.share = np.minimum(tasks.share[self.task] + 0.004 * (within + 1), 0.99999)
        self.keys = volunteer_keys(sizes)
        self._seed = rng.bytes(16)

    def ids(self, kind: bytes, part: slice) -> list[str]:
        """32 hexadecimal digits each; the same whenever asked."""
        seed = int.from_bytes(self._seed + kind)
        chunk = np.random.default_rng([seed, part.start]).bytes(16 * (part.stop - part.start)).hex()
        return [chunk[at : at + 32] for at in range(0, len(chunk), 32)]

    def id_of(self, kind: bytes, rows: range) -> list[str]:
        """Of neighbouring rows, which may lie in two chunks."""
        found = []
        for row in rows:
            begin = row // CHUNK * CHUNK
            end = min(begin + CHUNK, len(self.task))
            if getattr(self, "_known", None) != (kind, begin):
                self._known, self._chunk = (kind, begin), self.ids(kind, slice(begin, end))
            found.append(self._chunk[row - begin])
        return found
