"""When enough people have corrected a task."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.config import CrowdConfig
from models.crowd.aggregator import CrowdMask
from models.crowd.registry import aggregator
from models.crowd.risk import Doubt, Outlook, decide
from models.crowd.skills import SkillSnapshot

SHAPE = (64, 64)


def disc(y: int, x: int, radius: int) -> NDArray[np.uint8]:
    rows, columns = np.ogrid[: SHAPE[0], : SHAPE[1]]
    mask: NDArray[np.uint8] = ((rows - y) ** 2 + (columns - x) ** 2 <= radius**2).astype(np.uint8)
    return mask


def doubt(there: NDArray[np.float64], *, alarm: float = 0.05, shown: bool = False) -> Doubt:
    every = np.ones(len(there))
    return Doubt(128 * every, there, np.full(len(there), shown), 0.8 * every, alarm * every)


def test_an_object_that_one_of_two_drew_is_worth_a_third_though_one_answer_may_not_settle_it() -> (
    None
):
    likely, sure = np.array([0.78]), np.array([0.999])
    assert doubt(likely).settled > 0.1 * 128
    assert doubt(sure).settled < 0.01 * 128


def test_what_the_proposal_shows_is_not_overlooked() -> None:
    chance = np.zeros(SHAPE, np.float32)
    chance[:8, :16] = 0.99
    hits, there = np.array([0.6, 0.6]), np.array([0.99])
    unshown, shown = (
        Outlook(chance > 0.5, chance, hits, [doubt(there, shown=flag)], 2) for flag in (False, True)
    )
    assert unshown.error > shown.error + 0.05


@given(
    seed=st.integers(0, 2**32 - 1),
    hits=st.lists(st.floats(0.5, 0.99), min_size=1, max_size=6),
    alarm=st.floats(0.01, 0.5),
)
def test_one_more_mask_lowers_the_expected_error_by_no_more_than_there_is(
    seed: int, hits: list[float], alarm: float
) -> None:
    rng = np.random.default_rng(seed)
    chance = rng.random(SHAPE).astype(np.float32)
    there = rng.random(4)
    # Cores of objects, each pixel as likely as its object.
    for k, p in enumerate(there):
        chance[8 * k : 8 * k + 8, :16] = p
    inside = chance >= 0.5
    outlook = Outlook(inside, chance, np.array(hits), [doubt(there, alarm=alarm)], len(hits))
    assert 0 <= outlook.gain(0.8) <= outlook.error + 1e-6


def test_the_more_people_agree_the_less_error_is_expected() -> None:
    mask = disc(32, 32, 15)
    running = aggregator("skill", CrowdConfig(redundancy=9)).start(
        np.zeros(SHAPE, np.uint8), SkillSnapshot()
    )
    risks = []
    for number in range(5):
        running.add(CrowdMask(f"p{number}", mask))
        risks.append(running.result().risk or 0.0)
    assert risks == sorted(risks, reverse=True)


@pytest.mark.parametrize(("second", "action"), [((32, 32, 15), "retire"), ((12, 12, 9), "ask")])
def test_two_who_agree_are_enough_and_two_who_do_not_need_a_third(
    second: tuple[int, int, int], action: str
) -> None:
    config = CrowdConfig(redundancy=4, risk=0.0, gain=0.05)
    nothing = np.zeros(SHAPE, np.uint8)
    masks = [CrowdMask("alice", disc(32, 32, 15)), CrowdMask("bea", disc(*second))]
    decision = aggregator("skill", config).aggregate(masks, nothing, SkillSnapshot()).decision
    assert decision.action == action
    if action == "retire":
        assert "one more would lower the expected error" in decision.reason


def test_the_more_people_there_are_the_less_the_next_one_is_worth() -> None:
    chance = np.where(disc(32, 32, 15) > 0, 0.9, 0.1).astype(np.float32)
    gains = [
        Outlook(chance > 0.5, chance, np.full(n, 0.8), [doubt(np.ones(0))], n).gain(0.8)
        for n in range(1, 6)
    ]
    assert gains == sorted(gains, reverse=True)
    assert gains[0] > 2 * gains[-1] > 0


def test_nobody_retires_a_task_alone_for_want_of_gain() -> None:
    assert decide(1, 0.5, 0.0, CrowdConfig(redundancy=3, gain=0.1)).action == "ask"
    assert decide(2, 0.5, 0.0, CrowdConfig(redundancy=3, gain=0.0)).action == "ask"
    assert decide(3, 0.5, 0.4, CrowdConfig(redundancy=3, gain=0.1)).action == "retire"
