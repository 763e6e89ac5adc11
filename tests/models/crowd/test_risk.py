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
    known = np.array(hits)
    alarms = np.full(len(known), alarm)
    outlook = Outlook(inside, chance, known)
    gain = outlook.gain(alarms, [Doubt(np.full(4, 128.0), there)])
    assert 0 <= gain <= outlook.error + 1e-6


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
        Outlook(chance > 0.5, chance, np.full(n, 0.8)).gain(np.full(n, 0.1), [])
        for n in range(1, 6)
    ]
    assert gains == sorted(gains, reverse=True)
    assert gains[0] > 2 * gains[-1] > 0


def test_nobody_retires_a_task_alone_for_want_of_gain() -> None:
    assert decide(1, 0.5, 0.0, CrowdConfig(redundancy=3, gain=0.1)).action == "ask"
    assert decide(2, 0.5, 0.0, CrowdConfig(redundancy=3, gain=0.0)).action == "ask"
    assert decide(3, 0.5, 0.4, CrowdConfig(redundancy=3, gain=0.1)).action == "retire"
