"""Selection: from proposals to the tasks of a round, and a random audit beside them."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from lamella.consensus.known import Source
from lamella.cubes.models import Cube
from lamella.learning.models import Proposal
from lamella.loop.auditing import RECORD, draw_blind
from lamella.loop.candidate_table import CandidateTable
from lamella.loop.candidates import Candidate, candidates_of, looks_of
from lamella.loop.learned import corrected_tasks, pace_of
from lamella.loop.reach import certificate_is_due
from lamella.rounds.models import Task
from lamella.rounds.services import Chosen
from lamella.studies.models import Study
from lamella.studies.policy import config_of
from models.config import AuditConfig, BlindConfig, ExpectedErrorConfig, SelectionConfig
from models.selection.audit import draw_audit, strata
from models.selection.expected_error import fit_expected_error
from models.selection.pool import Choice, Pool
from models.selection.registry import NEEDS, strategy

# Which strategy stands in while there is nothing proposed to score.
WITHOUT_SCORES = "spread"
# Where a round's selection keeps the part of an audit that was left over.
DUE = "audits_due"


@dataclass(frozen=True)
class Selection:
    """What a round is opened with. ``record`` says how the choice was made, ``candidates`` holds
    every score that it was made from."""

    strategy: str
    chosen: list[Chosen]
    record: dict[str, Any]
    candidates: CandidateTable


def select(
    study: Study,
    cubes: Sequence[Cube],
    proposals: Mapping[int, Proposal],
    known: Sequence[Source],
    *,
    seed: int,
) -> Selection:
    """Choose a round's tasks by the study's strategy and shares; deterministic given ``seed``."""
    config = config_of(study, SelectionConfig, "selection")
    found = [
        candidate
        for cube in cubes
        for candidate in candidates_of(cube, proposals.get(cube.pk), config)
    ]
    rng = np.random.default_rng(seed)
    found, learned = _with_expectations(study, found)
    name = _strategy_for(study.strategy, found)
    # Looks cost a thumbnail of every slice, read once; very large pools do without.
    with_looks = name == WITHOUT_SCORES or 0 < len(found) <= config.spread_limit
    pool = _pool(study, cubes, found, known, with_looks=with_looks)
    audits: dict[int, float] = {}
    due = 0.0
    strata_of = np.full(len(found), -1, dtype=np.int64)
    if proposals:
        audit = config_of(study, AuditConfig, "audit")
        seen = study.audit_share * (1 - config_of(study, BlindConfig, "blind").share)
        due = audits_due(study, seen * len(found))
        strata_of = strata(pool, int(due), audit)
        # Drawn before anything is chosen: the rest alone would be the easy part.
        draws = draw_audit(pool, int(due), rng, audit)
        audits = {draw.identity: draw.probability for draw in draws}
    chooser = strategy(name, config)
    wanted = max(1, round(study.round_share * len(found)))
    work = chooser.choose(_without(pool, list(audits)), wanted, rng)
    taken = [*audits, *(choice.identity for choice in work)]
    spare = chooser.choose(_without(pool, taken), wanted, rng)
    blind, kept = draw_blind(study, cubes, proposals, due=certificate_is_due(study, cubes))
    found = [replace(c, stratum=int(s)) for c, s in zip(found, strata_of, strict=True)]
    return Selection(
        name,
        _strewn(_mixed(found, work, audits, rng), blind, rng),
        {
            "expected_voxels": _by_slice(found),
            "next_best": [_entry(found[c.identity], c) for c in spare],
            "known_true": _known_true(found),
            "share": study.round_share,
            "audit_share": study.audit_share,
            **({DUE: round(due - int(due), 6)} if proposals else {}),
            RECORD: kept,
            **learned,
        },
        CandidateTable.of(found),
    )


def audits_due(study: Study, a_round: float) -> float:
    """Audits over proposals to draw now: whole ones, and what is left over for later rounds.

    a_round: how many a round has in the mean, below one where rounds are small. The first round
    with proposals has one at least, if there are to be any.
    """
    if a_round <= 0:
        return 0.0
    newest = study.rounds.order_by("-number").values_list("selection", flat=True).first()
    return float((newest or {}).get(DUE, 1.0)) + a_round


def _with_expectations(
    study: Study, found: list[Candidate]
) -> tuple[list[Candidate], dict[str, Any]]:
    """Candidates with the error and the seconds expected of them, and what was learned for it."""
    if not found or not all(c.proposed for c in found):
        return found, {}
    fit = fit_expected_error(
        corrected_tasks(study), config_of(study, ExpectedErrorConfig, "expected_error")
    )
    area = np.array([c.region.height * c.region.width for c in found], dtype=np.float64)
    names = {name for c in found for name in c.scores}
    scores = {
        name: np.array([c.scores.get(name, np.nan) for c in found], dtype=np.float64)
        for name in names
    }
    scores["doubt"] = np.array([c.doubt for c in found], dtype=np.float64) / area
    expected = fit.model.predict(scores, area)
    pace = pace_of(study)
    seconds = pace.seconds(expected)
    told = [
        replace(c, scores={**c.scores, "expected_error": float(e), "seconds": float(s)})
        for c, e, s in zip(found, expected, seconds, strict=True)
    ]
    return told, {"expected_error": fit.report(), "pace": asdict(pace)}


def _strategy_for(wished: str, found: Sequence[Candidate]) -> str:
    """The study's strategy, or what stands in for it where its score is not to be had."""
    for name in (wished, "expected_error"):
        score = NEEDS.get(name)
        if score is None or (found and all(score in c.scores for c in found)):
            return name
    return WITHOUT_SCORES


def _pool(
    study: Study,
    cubes: Sequence[Cube],
    found: Sequence[Candidate],
    known: Sequence[Source],
    *,
    with_looks: bool,
) -> Pool:
    names = {name for c in found for name in c.scores}
    busy = set(
        # What is chosen must not depend on which tiles were drawn blind.
        Task.objects.filter(study=study, state=Task.State.OPEN, blind=False)
        .exclude(kind=Task.Kind.GOLD)
        .values_list("cube_id", "z", "y0", "x0")
    )
    places = [(c.cube_id, c.region.z, c.region.y0, c.region.x0) for c in found]
    features = None
    if with_looks:
        features = np.concatenate(
            [looks_of(cube, [c for c in found if c.cube_id == cube.pk]) for cube in cubes]
        )
    return Pool(
        identity=np.arange(len(found), dtype=np.int64),
        cube=np.array([c.cube_id for c in found], dtype=np.int64),
        z=np.array([c.region.z for c in found], dtype=np.int64),
        box=np.array(
            [(c.region.y0, c.region.x0, c.region.height, c.region.width) for c in found],
            dtype=np.int64,
        ),
        scores={
            name: np.array([c.scores.get(name, np.nan) for c in found], dtype=np.float64)
            for name in names
        },
        excluded=np.array([place in busy for place in places], dtype=bool),
        known=np.array(
            [(s.cube, s.z, s.y0, s.x0, s.height, s.width) for s in known], dtype=np.int64
        ).reshape(-1, 6),
        features=features,
    )


def _without(pool: Pool, identities: Sequence[int]) -> Pool:
    excluded = pool.excluded.copy() if pool.excluded is not None else np.zeros(len(pool), bool)
    excluded[list(identities)] = True
    return replace(pool, excluded=excluded)


def _mixed(
    found: Sequence[Candidate],
    work: Sequence[Choice],
    audits: Mapping[int, float],
    rng: np.random.Generator,
) -> list[Chosen]:
    """Work in order of value, with the audits strewn in, so that nobody can tell them apart."""
    chosen = [
        Chosen(
            cube_id=found[c.identity].cube_id,
            region=found[c.identity].region,
            kind=Task.Kind.WORK,
            reason=c.reason,
            score=float(c.score) if np.isfinite(c.score) else None,
            scores=_told(found[c.identity]),
        )
        for c in work
    ]
    for identity, probability in audits.items():
        audit = Chosen(
            cube_id=found[identity].cube_id,
            region=found[identity].region,
            kind=Task.Kind.AUDIT,
            reason="drawn at random, to measure quality",
            scores=_told(found[identity]),
            inclusion=probability,
        )
        chosen.insert(int(rng.integers(len(chosen) + 1)), audit)
    return chosen


def _strewn(
    chosen: list[Chosen], blind: Sequence[Chosen], rng: np.random.Generator
) -> list[Chosen]:
    for item in blind:
        chosen.insert(int(rng.integers(len(chosen) + 1)), item)
    return chosen


def _told(candidate: Candidate) -> dict[str, float]:
    """What is known of a candidate, as its task keeps it; doubt is a share of its pixels."""
    if not candidate.proposed:
        return {}
    area = candidate.region.height * candidate.region.width
    told = {**candidate.scores, "doubt": candidate.doubt / area}
    return {name: round(value, 6) for name, value in told.items() if np.isfinite(value)}


def _entry(candidate: Candidate, choice: Choice) -> dict[str, Any]:
    region = candidate.region
    return {
        "cube": candidate.cube_id,
        "region": [region.z, region.y0, region.x0, region.height, region.width],
        "score": float(choice.score) if np.isfinite(choice.score) else None,
        "scores": _told(candidate),
    }


def _by_slice(found: Sequence[Candidate]) -> dict[str, list[float]]:
    """By cube, the voxels of every slice that its proposal is expected to have wrong."""
    totals: dict[str, list[float]] = {}
    for candidate in found:
        if candidate.proposed:
            slices = totals.setdefault(str(candidate.cube_id), [])
            slices += [0.0] * (candidate.region.z + 1 - len(slices))
            slices[candidate.region.z] += candidate.doubt
    return {cube: [round(value, 2) for value in slices] for cube, slices in totals.items()}


def _known_true(found: Sequence[Candidate]) -> dict[str, float]:
    """Labelled voxels of each cube where people have agreed: no error is left there."""
    totals: dict[str, float] = {}
    for candidate in found:
        if candidate.stratum < 0:
            key = str(candidate.cube_id)
            totals[key] = totals.get(key, 0.0) + candidate.labelled
    return totals
