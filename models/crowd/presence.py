"""Is the object there: log-odds from who drew it, and how often each is right.

Dawid and Skene's model (1979) of annotators with a hit and a false-alarm rate, in two situations:
an object that the proposal did not show can be drawn, one that it showed can be removed. Given
truth and proposal, people are taken to be independent; that they all start from the same proposal
is then no reason to believe it, and who leaves whatever is shown says nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.config import SkillConfig
from models.crowd.skills import Tally

Values = NDArray[np.float64]
Flags = NDArray[np.bool_]

ROUNDS = 6
"""Steps of expectation maximisation; what is left after them is far below a pixel's worth."""


@dataclass(frozen=True, slots=True, eq=False)
class Presence:
    """What is said of K candidates by n people.

    there:   (K,) probability that each is an object.
    without: (n, K) the same without the word of each person.
    trust:   (n,) how much more often each has in the mask what is there than what is not; 0..1.
    heed:    (n,) the same of what is shown: how much more often they leave what is there.
    """

    there: Values
    without: Values
    trust: Values
    heed: Values


def weigh(
    drew: Flags,
    voted: Flags,
    shown: Flags,
    worth: Values,
    skills: Sequence[Tally] | Values,
    of_shown: Tally,
    config: SkillConfig,
    known: Values | None = None,
) -> Presence:
    """Probabilities of the candidates, and what they say of the people.

    drew, voted: (n, K) who has it in the mask, and who was not unsure there; shown: (K,) whether
    the proposal has it; worth: (K,) how much of an object each is; skills: of the n people,
    from earlier tasks, as tallies or as (n, 4, 2) counts (`counts_of`); of_shown: the proposals'
    own. The rates of this task's people are learned from it too, each object counted as far as the
    others settle it. known: (K,) probabilities that are known, from gold.
    """
    prior = np.where(
        shown,
        _logit(*_posterior(of_shown.found, of_shown.invented, config.shown_pure)),
        _logit(*_posterior(of_shown.missed, of_shown.spared, config.drawn_pure)),
    )
    past = counts_of(skills, config) if isinstance(skills, Sequence) else skills
    counts = past
    word = np.zeros(drew.shape)
    without = np.broadcast_to(_sigmoid(prior), drew.shape)
    for _ in range(ROUNDS):
        word = _words(drew, voted, shown, counts, config.most)
        total = prior + word.sum(axis=0)
        without = _sigmoid(total - word)
        if known is not None:
            without = np.broadcast_to(known, drew.shape)
        counts = past + seen(drew, voted, shown, worth, without)
    there = _sigmoid(prior + word.sum(axis=0)) if known is None else known
    both = counts[:, :2] + counts[:, 2:] - np.array(config.kept) * [[[1], [0]]]
    trust, heed = _lift(both - np.array(config.passed) * [[[0], [1]]]), _lift(counts[:, 2:])
    return Presence(there, np.asarray(without), trust, heed)


def counts_of(skills: Sequence[Tally], config: SkillConfig) -> Values:
    """(n, 4, 2) counts for and against of found, invented, kept, passed, priors included."""
    priors = np.array([config.hit, config.false_alarm, config.kept, config.passed])
    tallied = [
        [(t.found, t.missed), (t.invented, t.spared), (t.kept, t.dropped), (t.passed, t.struck)]
        for t in skills
    ]
    return np.asarray(priors + np.array(tallied, dtype=np.float64).reshape(len(skills), 4, 2))


def _words(drew: Flags, voted: Flags, shown: Flags, counts: Values, most: float) -> Values:
    """(n, K) log-odds that each person's answer gives each candidate."""
    rate = counts[..., 0] / counts.sum(axis=-1)
    there = np.where(shown, rate[:, 2:3], rate[:, 0:1])
    absent = np.where(shown, rate[:, 3:4], rate[:, 1:2])
    word = np.where(drew, np.log(there / absent), np.log((1 - there) / (1 - absent)))
    return np.where(voted, np.clip(word, -most, most), 0.0)


def seen(drew: Flags, voted: Flags, shown: Flags, worth: Values, without: Values) -> Values:
    """(n, 4, 2) what this task adds to the counts; an object that is open adds nothing."""
    weight = np.where(voted, worth * (2 * without - 1) ** 2, 0.0)
    there, absent = weight * (without > 0.5), weight * (without <= 0.5)
    result = np.empty((len(drew), 4, 2))
    for row, (chance, situation) in enumerate(
        [(there, ~shown), (absent, ~shown), (there, shown), (absent, shown)]
    ):
        result[:, row, 0] = (chance * drew * situation).sum(axis=1)
        result[:, row, 1] = (chance * ~drew * situation).sum(axis=1)
    return result


def _lift(counts: Values) -> Values:
    """(n,) how much greater the first of two rates is, from (n, 2, 2) counts."""
    rate = counts[..., 0] / counts.sum(axis=-1)
    return np.asarray(np.clip(rate[:, 0] - rate[:, 1], 0.0, 1.0))


def _posterior(yes: float, no: float, prior: tuple[float, float]) -> tuple[float, float]:
    return yes + prior[0], no + prior[1]


def _logit(yes: float, no: float) -> float:
    return float(np.log(yes / no))


def _sigmoid(x: Values) -> Values:
    return np.asarray(1 / (1 + np.exp(-np.clip(x, -40, 40))))
