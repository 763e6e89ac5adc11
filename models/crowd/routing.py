"""Whom to ask what: hard tasks to those whose answers tell the most, easy ones to newcomers.

A task is a question with two answers, wrong or right as it is now, and a volunteer a noisy channel
with a hit and a false-alarm rate. What an answer tells is the mutual information of truth and
answer (SWAP, Marshall et al. 2016, routes by it). It is greatest for skilled people on doubtful
tasks; for a task that is nearly certain hardly anybody tells anything. So tasks are compared by how
much more a person tells of each than a typical one would.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from models.config import PracticeConfig, SkillConfig
from models.crowd.skills import NEWCOMER, SkillEstimate, estimate

Reals = NDArray[np.float64]

HARDEST = 0.5
"""Chance of being wrong at which a task tells the most when it is answered."""


def information(chance: ArrayLike, hit: float, false_alarm: float) -> Reals:
    """Bits that one answer tells of tasks that are wrong with a chance (n,) of 0..1.

    hit, false_alarm: how often such a person says "wrong" of what is wrong, and of what is right.
    """
    p = np.asarray(chance, dtype=np.float64)
    said = p * hit + (1 - p) * false_alarm
    told: Reals = _entropy(said) - p * _entropy(hit) - (1 - p) * _entropy(false_alarm)
    return np.maximum(told, 0.0)


def chances(doubts: Sequence[float | None], scores: Sequence[float | None]) -> Reals:
    """(n,) how likely each of some tasks is wrong, 0 to HARDEST.

    doubts: expected 1 - Dice of what people agree on so far, None before the first mask; scores:
    what selection gave, in whatever unit the strategy has, so that their order alone counts.
    """
    known = np.array([np.nan if d is None else d for d in doubts], dtype=np.float64)
    given = np.array([np.nan if s is None else s for s in scores], dtype=np.float64)
    # Without either: as hard as the middle.
    result = np.full(len(known), HARDEST / 2)
    ranked = np.flatnonzero(np.isnan(known) & ~np.isnan(given))
    if len(ranked):
        _, place = np.unique(given[ranked], return_inverse=True)
        result[ranked] = HARDEST * (place + 0.5) / (place.max() + 1)
    seen = ~np.isnan(known)
    result[seen] = np.clip(known[seen], 0.0, HARDEST)
    return result


def advantage(
    chance: Reals, skill: SkillEstimate | None, config: SkillConfig | None = None
) -> Reals:
    """(n,) bits that this person tells of each task beyond what a typical one would.

    Of somebody little is known of, the worse end of what they may be counts.
    """
    config = config or SkillConfig()
    typical = estimate(NEWCOMER, config)
    found = skill or typical
    hit = max(found.hit - found.spread / 2, 0.0)
    alarm = min(found.false_alarm + found.spread / 2, 1.0)
    if hit <= alarm:
        # Answers of somebody who is wrong as often as right tell nothing, whatever the task.
        hit = alarm
    mine = information(chance, hit, alarm)
    return mine - information(chance, typical.hit, typical.false_alarm)


def practice_every(skill: SkillEstimate | None, config: PracticeConfig) -> int:
    """One slice in how many is practice for this person: fewer the better they are known to be."""
    if skill is None or skill.weight <= 0:
        return config.every
    if skill.hit - skill.false_alarm + skill.spread < config.good[0]:
        return config.doubted_every
    low, high = config.good
    surely = (skill.hit - skill.false_alarm - skill.spread - low) / (high - low)
    rate = 1 / config.every + min(max(surely, 0.0), 1.0) * (
        1 / config.sure_every - 1 / config.every
    )
    return round(1 / rate)


def _entropy(p: ArrayLike) -> Reals:
    q = np.clip(np.asarray(p, dtype=np.float64), 1e-12, 1 - 1e-12)
    bits: Reals = -q * np.log2(q) - (1 - q) * np.log2(1 - q)
    return bits
