"""Majority: ties, early agreement, object ids."""

import numpy as np
import pytest

from models.config import CrowdConfig
from models.crowd.aggregator import CrowdMask
from models.crowd.instances import align
from models.crowd.majority import Majority
from models.crowd.skills import SkillSnapshot
from models.crowd.votes import agreement, plurality, vote_share


def row(*values: int) -> np.ndarray:
    return np.array([values], dtype=np.uint8)


def test_a_tie_goes_to_the_proposal_if_it_is_among_the_tied() -> None:
    agreed, share = plurality([row(1, 0, 2), row(0, 1, 1)], row(1, 1, 2))
    assert agreed.tolist() == [[1, 1, 2]]
    assert share.tolist() == [[0.5, 0.5, 0.5]]


def test_a_tie_without_the_proposal_goes_to_the_lower_value() -> None:
    agreed, _ = plurality([row(1, 0), row(2, 2)], row(0, 1))
    assert agreed.tolist() == [[1, 0]]


def test_the_proposal_does_not_beat_more_votes() -> None:
    agreed, share = plurality([row(1), row(1), row(0)], row(0))
    assert agreed.tolist() == [[1]]
    assert share[0, 0] == pytest.approx(2 / 3)


def test_unsure_votes_are_not_counted() -> None:
    agreed, share = plurality([row(255, 255), row(1, 255), row(255, 255)], row(0, 0))
    assert agreed.tolist() == [[1, 255]]
    assert share.tolist() == [[1, 0]]


def test_vote_share_leaves_the_unsure_out() -> None:
    share = vote_share([row(1, 255, 255), row(0, 1, 255)], 1)
    assert share[0, :2].tolist() == [0.5, 1.0]
    assert np.isnan(share[0, 2])


def test_two_who_agree_closely_retire_a_task_early() -> None:
    mask = np.ones((8, 8), dtype=np.uint8)
    people = [CrowdMask("a", mask), CrowdMask("b", mask)]
    result = Majority(CrowdConfig(redundancy=5)).aggregate(
        people, np.zeros_like(mask), SkillSnapshot()
    )
    assert result.decision.action == "retire"
    assert "agree" in result.decision.reason


def test_one_alone_never_retires_a_task_by_agreeing_with_itself() -> None:
    mask = np.ones((8, 8), dtype=np.uint8)
    result = Majority(CrowdConfig(redundancy=2, early=1)).aggregate(
        [CrowdMask("a", mask)], mask, SkillSnapshot()
    )
    assert result.decision.action == "ask"


def test_agreement_counts_equal_classes_only() -> None:
    assert agreement(row(1, 2, 0), row(1, 1, 0)) == pytest.approx(0.5)
    assert agreement(row(0, 0), row(0, 0)) == 1
    assert agreement(row(255, 1), row(1, 1)) == 1


def test_new_objects_of_two_volunteers_get_one_id() -> None:
    proposal = np.zeros((8, 12), dtype=np.uint16)
    proposal[:3, :3] = 7
    alice, bob = proposal.copy(), proposal.copy()
    alice[4:8, 4:8] = 8
    bob[4:8, 4:9] = 99
    bob[0:2, 9:12] = 8
    first, second = align([alice, bob], proposal)
    assert first[5, 5] == second[5, 5] == 8
    assert second[0, 10] not in (7, 8)
    assert (first[:3, :3] == 7).all()
    people = [CrowdMask("alice", alice), CrowdMask("bob", bob)]
    result = Majority(CrowdConfig(instances=True)).aggregate(people, proposal, SkillSnapshot())
    assert (result.mask[4:8, 4:8] == 8).all()


def test_a_large_task_of_seven_is_counted_in_a_blink() -> None:
    rng = np.random.default_rng(0)
    masks = [(rng.random((256, 256)) < 0.3).astype(np.uint32) for _ in range(7)]
    expected = (np.sum(masks, axis=0) > 3).astype(np.uint32)
    agreed, _ = plurality(masks, np.zeros((256, 256), np.uint32))
    np.testing.assert_array_equal(agreed, expected)
