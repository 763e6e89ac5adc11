"""Is the object there: log-odds from who drew it, and how often each is right.

Two situations. An object that the proposal shows is a question put to everybody: Dawid and Skene's
model (1979) of annotators with a hit and a false-alarm rate. One that it does not show is no
question before somebody draws it. Such a candidate is there to be judged because it was drawn, so
its author cannot be held to have been wrong "in one of as many cases as there are people": true
objects arrive at some rate a task, each person invents at a rate of their own, and joins in what
another invented by chance alone. Given truth and proposal, people are taken to be independent; that
they all start from the same proposal is then no reason to believe it.

Whoever hands back what was shown may have found it right, or may not have looked. How likely the
latter is follows from what others changed, and from how often this person did so before; their
silence counts as far as they are thought to have looked.
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
WORTHLESS = 0.1
"""Trust below which somebody's outlines are not looked at."""
SCRAWL = 0.1
"""How likely a mask that has nothing to do with the image has an object all the same."""
FEW = 4
"""Objects that somebody may have drawn alone before it is thought much."""
HIT, JOIN, KEEP, PASS, LOOK, INVENT = range(6)
"""Rows of somebody's counts: pairs for and against, and of INVENT a number and its tasks."""


@dataclass(frozen=True, slots=True, eq=False)
class Presence:
    """What is said of K candidates by n people.

    there:    (K,) probability that each is an object.
    without:  (n, K) the same without the word of each person; of what they alone drew, as if it
              were a newcomer's.
    author:   (n, K) how likely each person is the one who drew it first, if it is invented.
    looked:   (n,) how likely each looked at all.
    trust:    (n,) how much more often each has in the mask what is there than what is not; 0..1.
    heed:     (n,) the same of what is shown: how much more often they leave what is there.
    """

    there: Values
    without: Values
    author: Values
    looked: Values
    trust: Values
    heed: Values

    @property
    def heard(self) -> Values:
        """(n,) how much of a person each is whose outlines count; 0..1."""
        return np.where(self.trust >= WORTHLESS, self.looked, 0.0)


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """Who says what of K candidates.

    drew, voted: (n, K) who has it in the mask, and who was not unsure there; shown: (K,) whether
    the proposal has it; worth: (K,) how much of an object each is; untouched: (n,) who handed back
    what was shown, or nothing; mended: (K,) share of the others whose outline of a shown object is
    another than the proposal's; known: (K,) probabilities that are known, from gold.
    """

    drew: Flags
    voted: Flags
    shown: Flags
    worth: Values
    untouched: Flags
    mended: Values
    known: Values | None = None


def weigh(
    answers: Answers, skills: Sequence[Tally] | Values, of_shown: Tally, config: SkillConfig
) -> Presence:
    """Probabilities of the candidates, and what they say of the people.

    skills: of the n people, from earlier tasks, as tallies or as (n, 6, 2) counts (`counts_of`);
    of_shown: the proposals' own. The rates of this task's people are learned from it too, each
    object counted as far as the others settle it.
    """
    past = counts_of(skills, config) if isinstance(skills, Sequence) else skills
    pure = _logit(of_shown.found, of_shown.invented, config.shown_pure)
    expected = (of_shown.missed + config.arrive[0]) / (of_shown.tasks + config.arrive[1])
    weight = min(of_shown.tasks + config.arrive[1], config.arrive_weight)
    counts, arriving = past, expected
    looked = _rate(counts[:, LOOK])
    a = answers
    for step in range(ROUNDS + 1):
        there, without, author = _judge(a, counts, looked, pure, arriving, config)
        if step == ROUNDS:
            break
        looked = _looked(a, counts, without, config)
        counts = past + seen(a, without, author, looked)
        arriving = (weight * expected + _arrived(a, there)) / (weight + 1)
    worth, before = _worth(counts, config) * looked, _worth(past, config)
    # Whoever was worth nothing so far is not heard yet, whatever this task makes of them.
    trust = np.where(before < WORTHLESS, np.minimum(before, worth), worth)
    heed = np.clip(_rate(counts[:, KEEP]) - _rate(counts[:, PASS]), 0.0, 1.0) * looked
    return Presence(there, without, author, looked, trust, heed)


def _worth(counts: Values, config: SkillConfig) -> Values:
    """(n,) how much more often each has what is there than what is not, less what they invent: who
    invents more than they find is no help with outlines, however much of it is there."""
    hit = _pooled(counts, HIT, KEEP, config.kept)
    alarm = _pooled(counts, JOIN, PASS, config.passed)
    mine = counts[:, HIT, 0] + counts[:, KEEP, 0]
    return np.clip(hit - alarm, 0.0, 1.0) * mine / (mine + counts[:, INVENT, 0])


def counts_of(skills: Sequence[Tally], config: SkillConfig) -> Values:
    """(n, 6, 2) counts, priors included; see HIT and the following."""
    invent = (config.invent[0] * config.invent[1], config.invent[1])
    priors = np.array([config.hit, config.join, config.kept, config.passed, config.look, invent])
    tallied = [
        [
            (t.found, t.missed),
            (t.joined, t.spared),
            (t.kept, t.dropped),
            (t.passed, t.struck),
            (t.looked, t.stamped),
            (t.invented, t.tasks),
        ]
        for t in skills
    ]
    return np.asarray(priors + np.array(tallied, dtype=np.float64).reshape(len(skills), 6, 2))


def next_answer(shown: Flags, config: SkillConfig) -> tuple[Values, Values]:
    """(K,) and (K,) how likely somebody whom nobody knows has candidates in their mask, if they are
    there and if they are not. shown: (K,) what the proposal has."""
    look = mean_of(config.look)
    hit = np.where(shown, mean_of(config.kept) * look + 1 - look, mean_of(config.hit) * look)
    alarm = np.where(shown, mean_of(config.passed) * look + 1 - look, mean_of(config.join))
    return hit, alarm


def mean_of(prior: tuple[float, float]) -> float:
    """Of a Beta distribution."""
    return prior[0] / sum(prior)


def seen(answers: Answers, without: Values, author: Values, looked: Values) -> Values:
    """(n, 6, 2) what this task adds to the counts; an object that is open adds nothing."""
    drew, shown = answers.drew, answers.shown
    weight = np.where(answers.voted, answers.worth * (2 * without - 1) ** 2, 0.0)
    # What somebody left out, or left as it was, counts as far as they looked; what they drew does.
    weight *= np.where(drew & ~shown, 1.0, looked[:, None])
    there, absent = weight * (without > 0.5), weight * (without <= 0.5)
    result = np.zeros((len(drew), 6, 2))
    for row, chance, situation in (
        (HIT, there, ~shown),
        (JOIN, absent, ~shown),
        (KEEP, there, shown),
        (PASS, absent, shown),
    ):
        result[:, row, 0] = (chance * drew * situation).sum(axis=1)
        result[:, row, 1] = (chance * ~drew * situation).sum(axis=1)
    own = (absent * author * drew * ~shown).sum(axis=1)
    result[:, JOIN, 0] -= own
    result[:, INVENT, 0] = own
    result[:, INVENT, 1] = 1.0
    return result


def _judge(
    a: Answers,
    counts: Values,
    looked: Values,
    pure: float,
    arriving: float,
    config: SkillConfig,
) -> tuple[Values, Values, Values]:
    """`there`, `without` and `author` of Presence."""
    author = np.zeros(a.drew.shape)
    if a.known is not None:
        # Of what is invented each has drawn their own.
        author[a.drew] = 1.0
        return a.known, np.broadcast_to(a.known, a.drew.shape), author
    there, without = np.empty(a.drew.shape[1]), np.empty(a.drew.shape)
    s = a.shown
    word = _words(counts[:, KEEP], counts[:, PASS], a.drew[:, s], config.most)
    word *= a.voted[:, s] * looked[:, None]
    total = pure + word.sum(axis=0)
    there[s], without[:, s] = _sigmoid(total), _sigmoid(total - word)
    if not s.all():
        there[~s], without[:, ~s], author[:, ~s] = _unshown(
            a.drew[:, ~s] & a.voted[:, ~s], a.voted[:, ~s], counts, looked, arriving, config
        )
    return there, without, author


def _unshown(
    drew: Flags,
    voted: Flags,
    counts: Values,
    looked: Values,
    arriving: float,
    config: SkillConfig,
) -> tuple[Values, Values, Values]:
    """`there`, `without` and `author` of what the proposal does not show."""
    # Each person's word, as log-odds that it is there rather than another's invention.
    word = _words(counts[:, HIT], counts[:, JOIN], drew, config.most) * voted
    word = word * np.where(drew, 1.0, looked[:, None])
    # As bounded as a word is: an author's would else weigh less than that they invented it.
    join = np.maximum(_rate(counts[:, JOIN]), _rate(counts[:, HIT]) * np.exp(-config.most))
    source = counts[:, INVENT, 0] / counts[:, INVENT, 1]
    # An author's own word is not that they joined in: lambda instead of c.
    own = np.where(drew, (source / join)[:, None], 0.0)
    total = own.sum(axis=0)
    alone = (drew & (drew.sum(axis=0) == 1)).sum(axis=1)[:, None]
    newcomer = config.invent[0] / (config.join[0] / sum(config.join))
    first = np.log(config.hit[0] / sum(config.hit)) - np.log(config.join[0] / sum(config.join))
    log_arriving = np.log(arriving)
    odds = log_arriving + word.sum(axis=0) - np.log(np.where(total > 0, total, newcomer))
    others = total - own
    single = others <= 1e-12
    rest = log_arriving + word.sum(axis=0) - word
    without = np.where(
        single,
        rest + first - np.log(newcomer * np.maximum(1, alone / FEW)),
        rest - np.log(np.where(single, 1.0, others)),
    )
    author = own / np.where(total > 0, total, 1.0)
    return _sigmoid(odds), _sigmoid(without), author


def _arrived(a: Answers, there: Values) -> float:
    """How many objects that were not shown this task has.

    What one person alone drew counts up to a few times what the others drew as a rule: who draws
    hundreds of specks makes no objects arrive.
    """
    drew = a.drew & a.voted & ~a.shown
    many, expected = drew.sum(axis=0), a.worth * there
    alone = (drew * expected * (many == 1)).sum(axis=1)
    drawn = (drew * a.worth).sum(axis=1)
    usual = np.array(
        [np.median(np.delete(drawn, i)) if len(drawn) > 1 else 0 for i in range(len(drawn))]
    )
    return float(expected[many > 1].sum() + np.minimum(alone, FEW * (1 + usual)).sum())


def _looked(a: Answers, counts: Values, without: Values, config: SkillConfig) -> Values:
    """(n,) how likely each looked at the image, rather than hand back what was shown or scrawl.

    A scrawl rubs out what is shown, and meets what several others drew by chance alone.
    """
    hit, join = _rate(counts[:, HIT])[:, None], _rate(counts[:, JOIN])[:, None]
    keep, pass_on = _rate(counts[:, KEEP])[:, None], _rate(counts[:, PASS])[:, None]
    # An outline that most others mend is one that needed it.
    fits = np.where(a.untouched[:, None], 1 - config.mends * np.maximum(2 * a.mended - 1, 0), 1.0)
    kept = np.where(
        a.shown,
        without * keep * fits + (1 - without) * pass_on,
        without * hit + (1 - without) * join,
    )
    by_looking = np.where(a.drew, kept, 1 - kept)
    by_chance = np.where(a.untouched[:, None], 1.0, np.where(a.drew, SCRAWL, 1 - SCRAWL))
    others = (a.drew & a.voted).sum(axis=0) - a.drew
    asked = a.voted & (a.shown | a.untouched[:, None] | (others > 1))
    told = np.log(np.maximum(by_looking, 1e-9)) - np.log(by_chance)
    told = np.where(asked, told * np.minimum(a.worth, 1.0), 0.0).sum(axis=1)
    look = _rate(counts[:, LOOK])
    odds = np.log(look / (1 - look)) + told
    return _sigmoid(odds)


def _words(there: Values, absent: Values, drew: Flags, most: float) -> Values:
    """(n, K) log-odds that each person's answer gives each candidate, from (n, 2) counts."""
    p, q = _rate(there)[:, None], _rate(absent)[:, None]
    word = np.where(drew, np.log(p / q), np.log((1 - p) / (1 - q)))
    return np.asarray(np.clip(word, -most, most))


def _pooled(counts: Values, unshown: int, shown: int, prior: tuple[float, float]) -> Values:
    """(n,) a rate over both situations; of two priors the first is enough."""
    return _rate(counts[:, unshown] + counts[:, shown] - np.array(prior))


def _rate(counts: Values) -> Values:
    return np.asarray(counts[..., 0] / counts.sum(axis=-1))


def _logit(yes: float, no: float, prior: tuple[float, float]) -> float:
    return float(np.log((yes + prior[0]) / (no + prior[1])))


def _sigmoid(x: Values) -> Values:
    return np.asarray(1 / (1 + np.exp(-np.clip(x, -40, 40))))
