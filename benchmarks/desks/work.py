"""Tasks, leases, corrections, consensus and verdicts: millions of rows, chunk by chunk."""

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.desks.bulk import Say, load
from benchmarks.desks.masks import Masks
from benchmarks.desks.moments import Moments
from benchmarks.desks.people import accounts, volunteer_keys
from benchmarks.desks.plan import StudyPlan
from benchmarks.desks.sizes import ACROSS, TILE, Sizes
from benchmarks.desks.studies import proposal_of
from lamella.annotation.models import Ability, Assignment, Correction, Favourite, Participation
from lamella.consensus.models import Consensus, Evidence, Skill, SkillVersion, Verdict
from lamella.rounds.models import Task
from models.crowd.skills import Tally, estimate

_CHUNK = 50_000
REDUNDANCY = 3
OPEN, RETIRED, ACCEPTED = 0, 1, 2
_STATES = (Task.State.OPEN.value, Task.State.RETIRED.value, Task.State.ACCEPTED.value)


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


def make_work(
    plans: list[StudyPlan], sizes: Sizes, moments: Moments, rng: np.random.Generator, say: Say
) -> Tasks:
    tasks = draw(plans, sizes, rng)
    by_id = {plan.id: plan for plan in plans}
    masks = Masks()
    load(
        Task,
        (
            "id",
            "study",
            "round",
            "cube",
            "proposal",
            "kind",
            "state",
            "z",
            "y0",
            "x0",
            "height",
            "width",
            "redundancy",
            "places_taken",
            "priority",
            "score",
            "scores",
            "reason",
            "inclusion",
            "blind",
            "created",
            "retired",
            "retire_reason",
            "risk",
            "expected_error",
            "holds",
        ),
        _chunks(len(tasks.study), lambda part: _task_rows(tasks, part, by_id, moments)),
        say,
    )
    hands = Hands(tasks, sizes, rng)
    load(
        Assignment,
        ("id", "task", "volunteer", "state", "holds_place", "created", "lease_until", "ended"),
        _chunks(len(hands.task), lambda part: _assignment_rows(hands, part, moments)),
        say,
    )
    load(
        Correction,
        (
            "id",
            "assignment",
            "task",
            "volunteer",
            "mask",
            "mask_hash",
            "difference",
            "proposal_hash",
            "changed_voxels",
            "active_seconds",
            "strokes",
            "consent_version",
            "created",
        ),
        _chunks(len(hands.task), lambda part: _correction_rows(hands, part, masks, moments)),
        say,
    )
    agreed = np.flatnonzero(tasks.state != OPEN)
    load(
        Consensus,
        (
            "id",
            "task",
            "aggregator",
            "corrections",
            "mask",
            "mask_hash",
            "probability",
            "agreement",
            "expected_error",
            "changed_share",
            "action",
            "reason",
            "needs_review",
            "judged",
            "created",
        ),
        _chunks(
            len(agreed), lambda part: _consensus_rows(tasks, hands, agreed[part], masks, moments)
        ),
        say,
    )
    accepted = np.flatnonzero(tasks.state == ACCEPTED)
    load(
        Verdict,
        ("consensus", "study", "kind", "manager", "created"),
        (
            (int(n) + 1, int(tasks.study[n]), "accept", 2, moment)
            for part in _parts(len(accepted))
            for n, moment in zip(
                accepted[part].tolist(), moments.at(tasks.share[accepted[part]] + 0.02), strict=True
            )
        ),
        say,
    )
    _participations(tasks, hands, moments, say)
    _skills(tasks, hands, sizes, moments, say)
    _favourites(plans, sizes, moments, rng, say)
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
            begin = row // _CHUNK * _CHUNK
            end = min(begin + _CHUNK, len(self.task))
            if getattr(self, "_known", None) != (kind, begin):
                self._known, self._chunk = (kind, begin), self.ids(kind, slice(begin, end))
            found.append(self._chunk[row - begin])
        return found


def _parts(count: int) -> list[slice]:
    return [slice(at, min(at + _CHUNK, count)) for at in range(0, count, _CHUNK)]


def _chunks(
    count: int, rows: Callable[[slice], Iterator[tuple[Any, ...]]]
) -> Iterator[tuple[Any, ...]]:
    for part in _parts(count):
        yield from rows(part)


def _task_rows(
    tasks: Tasks, part: slice, plans: dict[int, StudyPlan], moments: Moments
) -> Iterator[tuple[Any, ...]]:
    created = moments.at(tasks.share[part])
    retired = moments.at(np.minimum(tasks.share[part] + 0.015, 0.99999))
    scores = json.dumps({"expected_error": 0.02, "discriminator": 0.4})
    for n in range(part.start, part.stop):
        plan = plans[int(tasks.study[n])]
        state, cube, turn = int(tasks.state[n]), int(tasks.cube[n]), int(tasks.round[n])
        place, blind, audit = int(tasks.place[n]), bool(tasks.blind[n]), bool(tasks.audit[n])
        row, column = place // ACROSS % ACROSS, place % ACROSS
        proposal = None if blind or not turn else proposal_of(plan, cube, plan.versions[turn - 1])
        held = int(tasks.masks[n])
        yield (
            n + 1,
            plan.id,
            plan.rounds[turn],
            cube,
            proposal,
            "audit" if audit else "work",
            _STATES[state],
            place // (ACROSS * ACROSS),
            row * TILE,
            column * TILE,
            TILE,
            TILE,
            max(REDUNDANCY, held),
            held,
            float(len(tasks.study) - n),
            float(tasks.score[n]),
            scores,
            "expected error",
            0.01 if audit else None,
            blind,
            created[n - part.start],
            None if state == OPEN else retired[n - part.start],
            "" if state == OPEN else "3 people corrected it, as many as the study asks for.",
            0.0 if state == OPEN else float(tasks.score[n] + 1 - tasks.agreement[n]),
            None if state == OPEN else float(tasks.score[n]),
            0 if state == OPEN else 1,
        )


def _assignment_rows(hands: Hands, part: slice, moments: Moments) -> Iterator[tuple[Any, ...]]:
    begun = moments.at(hands.share[part] - 0.00002)
    ended = moments.at(hands.share[part])
    for key, task, volunteer, begin, end in zip(
        hands.ids(b"a", part),
        (hands.task[part] + 1).tolist(),
        hands.volunteer[part].tolist(),
        begun,
        ended,
        strict=True,
    ):
        yield key, task, hands.keys[volunteer], "submitted", True, begin, end, end


def _correction_rows(
    hands: Hands, part: slice, masks: Masks, moments: Moments
) -> Iterator[tuple[Any, ...]]:
    for number, (key, lease, task, volunteer, made) in enumerate(
        zip(
            hands.ids(b"c", part),
            hands.ids(b"a", part),
            (hands.task[part] + 1).tolist(),
            hands.volunteer[part].tolist(),
            moments.at(hands.share[part]),
            strict=True,
        )
    ):
        drawn = masks[number]
        yield (
            key,
            lease,
            task,
            hands.keys[volunteer],
            drawn.packed,
            drawn.digest,
            drawn.packed,
            masks.empty.digest,
            drawn.voxels,
            12.0 + number % 90,
            1 + number % 14,
            "1",
            made,
        )


def _consensus_rows(
    tasks: Tasks, hands: Hands, of: NDArray[np.int64], masks: Masks, moments: Moments
) -> Iterator[tuple[Any, ...]]:
    made = moments.at(np.minimum(tasks.share[of] + 0.015, 0.99999))
    for n, moment in zip(of.tolist(), made, strict=True):
        first = int(hands.first[n])
        keys = hands.id_of(b"c", range(first, first + int(hands.masks[n])))
        told = [f"{k[:8]}-{k[8:12]}-{k[12:16]}-{k[16:20]}-{k[20:]}" for k in keys]
        drawn = masks[n]
        yield (
            # The id of its task, so that verdicts find it.
            n + 1,
            n + 1,
            "skill",
            json.dumps(told),
            drawn.packed,
            drawn.digest,
            drawn.packed,
            float(tasks.agreement[n]),
            float(tasks.score[n]),
            0.02,
            "retire",
            "3 people corrected it, as many as the study asks for.",
            n % 501 == 0,
            True,
            moment,
        )


def _participations(tasks: Tasks, hands: Hands, moments: Moments, say: Say) -> None:
    """What each volunteer did in each study, in short."""
    whose = tasks.study[hands.task].astype(np.int64) * len(hands.keys) + hands.volunteer
    pairs, at, counts = np.unique(whose, return_inverse=True, return_counts=True)
    last = np.zeros(len(pairs))
    np.maximum.at(last, at, hands.share)
    load(
        Participation,
        ("study", "volunteer", "corrections", "seconds", "last"),
        (
            (pair // len(hands.keys), hands.keys[pair % len(hands.keys)], count, 50.0 * count, end)
            for pair, count, end in zip(
                pairs.tolist(), counts.tolist(), moments.at(last), strict=True
            )
        ),
        say,
    )


def _skills(tasks: Tasks, hands: Hands, sizes: Sizes, moments: Moments, say: Say) -> None:
    """Every volunteer's skill, and the evidence of the newest tenth of the work."""
    SkillVersion.objects.bulk_create(SkillVersion(id=n, tasks=50) for n in range(1, 21))
    counts = Tally(found=30, missed=4, invented=3, spared=40, edges=20, edge_square=40, tasks=20)
    tally, known = json.dumps(asdict(counts)), estimate(counts)
    load(
        Skill,
        ("version", "volunteer", "tally"),
        ((n % 20 + 1, key, tally) for n, key in enumerate(hands.keys)),
        say,
    )
    load(
        Ability,
        (
            "volunteer",
            "hit",
            "false_alarm",
            "spread",
            "edge",
            "bias",
            "tasks",
            "needed",
            "left",
            "skill",
            "updated",
        ),
        (
            (
                key,
                known.hit,
                known.false_alarm,
                known.spread,
                known.edge,
                known.bias,
                known.weight,
                34.0,
                4.0,
                known.hit - known.false_alarm - n / 1e6,
                moments.one(0.99),
            )
            for n, key in enumerate(hands.keys)
        ),
        say,
    )
    newest = np.flatnonzero((tasks.share[hands.task] > 0.87) & (tasks.state[hands.task] != OPEN))
    made = moments.one(0.99)
    load(
        Evidence,
        ("task", "volunteer", "tally", "created"),
        (
            (task + 1, hands.keys[volunteer], tally, made)
            for task, volunteer in zip(
                hands.task[newest].tolist(), hands.volunteer[newest].tolist(), strict=True
            )
        ),
        say,
    )


def _favourites(
    plans: list[StudyPlan], sizes: Sizes, moments: Moments, rng: np.random.Generator, say: Say
) -> None:
    keys = volunteer_keys(sizes)
    many = accounts(sizes)
    plan = plans[0]
    load(
        Favourite,
        ("volunteer", "cube", "z", "created"),
        (
            (keys[n], plan.cubes[n % len(plan.cubes)], z, moments.one(0.9))
            for n in range(0, many, max(1, many // 500))
            for z in range(0, plan.depth, max(1, plan.depth // 24))
        ),
        say,
    )
