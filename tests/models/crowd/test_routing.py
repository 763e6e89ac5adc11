"""Hard tasks to the skilled, easy ones to newcomers; practice that gets rarer with skill."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.config import PracticeConfig
from models.crowd.routing import HARDEST, advantage, chances, information, practice_every
from models.crowd.skills import SkillEstimate, Tally, estimate

SKILLED = estimate(Tally(found=80, missed=2, spared=60, invented=1, tasks=40))
TYPICAL = estimate(Tally(found=80, missed=20, spared=83, invented=17, tasks=40))
SPAMMER = estimate(Tally(missed=80, spared=20, invented=70, tasks=40))
P = np.linspace(0.01, HARDEST, 30)


def test_somebody_who_guesses_tells_nothing_and_an_oracle_the_whole_bit() -> None:
    assert information(0.5, 0.3, 0.3) == pytest.approx(0, abs=1e-9)
    assert information(0.5, 1.0, 0.0) == pytest.approx(1, abs=1e-6)


@given(p=st.floats(0, 1), hit=st.floats(0, 1), alarm=st.floats(0, 1))
def test_an_answer_never_tells_less_than_nothing_nor_more_than_a_bit(
    p: float, hit: float, alarm: float
) -> None:
    assert 0 <= information(p, hit, alarm) <= 1 + 1e-9


def test_the_skilled_are_ahead_most_where_it_is_hardest() -> None:
    ahead = advantage(P, SKILLED)
    assert (ahead > 0).all()
    assert (np.diff(ahead) > 0).all()


def test_newcomers_are_least_behind_where_it_is_easiest() -> None:
    behind = advantage(P, None)
    assert (behind < 0).all()
    assert (np.diff(behind) < 0).all()


def test_who_guesses_is_behind_a_newcomer_everywhere() -> None:
    assert (advantage(P, SPAMMER) < advantage(P, None)).all()


def test_masks_tell_how_hard_a_task_is_and_before_them_the_order_of_the_scores() -> None:
    found = chances([0.4, None, None, None, 0.9], [None, 7.0, 3000.0, None, 1.0])
    assert found.tolist() == [0.4, 0.125, 0.375, 0.25, 0.5]


def test_equal_scores_are_equally_hard() -> None:
    assert np.ptp(chances([None] * 3, [2.0, 2.0, 2.0])) == 0


def test_practice_gets_rarer_the_better_somebody_is_known_to_be() -> None:
    config = PracticeConfig()
    middling = estimate(Tally(found=16, missed=3, spared=14, invented=3, tasks=10))
    every = [practice_every(s, config) for s in (SPAMMER, None, middling, SKILLED)]
    assert every[0] == config.doubted_every
    assert every[1] == config.every
    assert every == sorted(every)
    assert every[2] > config.every
    assert every[3] >= 25
    perfect = SkillEstimate(hit=1, false_alarm=0, spread=0, edge=1, bias=0, weight=100)
    assert practice_every(perfect, config) == config.sure_every


def test_nobody_is_sure_of_somebody_after_one_slice() -> None:
    once = estimate(Tally(found=2, tasks=1))
    assert practice_every(once, PracticeConfig()) <= 13
