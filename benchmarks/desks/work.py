"""Tasks, leases, corrections, consensus and verdicts: millions of rows, chunk by chunk."""

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.desks.bulk import Say, load
from benchmarks.desks.drawn import ACCEPTED, CHUNK, OPEN, REDUNDANCY, Hands, Tasks, draw
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

_STATES = (Task.State.OPEN.value, Task.State.RETIRED.value, Task.State.ACCEPTED.value)


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


def _parts(count: int) -> list[slice]:
    return [slice(at, min(at + CHUNK, count)) for at in range(0, count, CHUNK)]


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
        ("study", "volunteer", "corrections", "seconds", "last", "since_practice"),
        (
            (
                pair // len(hands.keys),
                hands.keys[pair % len(hands.keys)],
                count,
                50.0 * count,
                end,
                count,
            )
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
