"""What every aggregator keeps to, whatever its method."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.config import CrowdConfig
from models.crowd.aggregator import Aggregator, CrowdMask
from models.crowd.registry import AGGREGATORS, aggregator
from models.crowd.skills import SkillSnapshot, Tally

NONE = SkillSnapshot()


@pytest.fixture(params=sorted(AGGREGATORS))
def agg(request: pytest.FixtureRequest) -> Aggregator:
    return aggregator(str(request.param))


def square(y0: int, x0: int, side: int = 6, value: int = 1, dtype: type = np.uint8) -> np.ndarray:
    mask: np.ndarray = np.zeros((16, 20), dtype=dtype)
    mask[y0 : y0 + side, x0 : x0 + side] = value
    return mask


EMPTY = square(0, 0, 0)


def people(*masks: np.ndarray) -> list[CrowdMask]:
    return [CrowdMask(name, mask) for name, mask in zip("abcdefgh", masks, strict=False)]


def test_one_mask_is_the_result_and_more_are_asked_for(agg: Aggregator) -> None:
    result = agg.aggregate(people(square(2, 2)), EMPTY, NONE)
    np.testing.assert_array_equal(result.mask, square(2, 2))
    assert result.decision.action == "ask"
    assert result.views == 1


def test_what_all_agree_on_is_the_result(agg: Aggregator) -> None:
    result = agg.aggregate(people(*[square(2, 2)] * 3), EMPTY, NONE)
    np.testing.assert_array_equal(result.mask, square(2, 2))
    assert result.agreement == pytest.approx(1)
    assert result.decision.action == "retire"
    assert result.decision.reason


def test_one_against_two_does_not_prevail(agg: Aggregator) -> None:
    result = agg.aggregate(people(square(2, 2), square(2, 2), EMPTY), EMPTY, NONE)
    np.testing.assert_array_equal(result.mask, square(2, 2))
    assert result.reliability["c"] < result.reliability["a"]


def test_without_corrections_the_proposal_comes_back_and_someone_is_asked(agg: Aggregator) -> None:
    result = agg.aggregate([], square(3, 3), NONE)
    np.testing.assert_array_equal(result.mask, square(3, 3))
    assert result.decision.action == "ask"
    assert not result.probability.any()


def test_a_volunteers_later_mask_replaces_the_earlier(agg: Aggregator) -> None:
    masks = [CrowdMask("a", EMPTY), CrowdMask("b", square(2, 2)), CrowdMask("a", square(2, 2))]
    result = agg.aggregate(masks, EMPTY, NONE)
    assert result.views == 2
    np.testing.assert_array_equal(result.mask, square(2, 2))


def test_unsure_is_no_vote(agg: Aggregator) -> None:
    unsure = np.full((16, 20), 255, dtype=np.uint8)
    result = agg.aggregate(people(square(2, 2), unsure, unsure), EMPTY, NONE)
    np.testing.assert_array_equal(result.mask, square(2, 2))


def test_where_all_are_unsure_the_result_is_unsure(agg: Aggregator) -> None:
    unsure = np.full((16, 20), 255, dtype=np.uint8)
    result = agg.aggregate(people(unsure, unsure), EMPTY, NONE)
    assert (result.mask == 255).all()
    assert not result.probability.any()


def test_a_mask_of_another_size_is_refused_and_the_volunteer_named(agg: Aggregator) -> None:
    with pytest.raises(ValueError, match="volunteer a has shape"):
        agg.aggregate(people(np.zeros((3, 3), np.uint8)), EMPTY, NONE)


def test_empty_masks_are_agreement_too(agg: Aggregator) -> None:
    result = agg.aggregate(people(EMPTY, EMPTY, EMPTY), square(2, 2), NONE)
    assert not result.mask.any()
    assert result.agreement == 1


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.uint32])
def test_large_values_and_their_dtype_are_kept(agg: Aggregator, dtype: type) -> None:
    value = int(np.iinfo(dtype).max) - 1
    mask = square(2, 2, value=value, dtype=dtype)
    result = agg.aggregate(people(mask, mask), np.zeros_like(mask), NONE)
    assert result.mask.dtype == dtype
    np.testing.assert_array_equal(result.mask, mask)


@settings(max_examples=40, deadline=None)
@given(name=st.sampled_from(sorted(AGGREGATORS)), seed=st.integers(0, 10_000), n=st.integers(1, 6))
def test_replay_gives_the_same_bytes_and_all_numbers_are_finite(
    name: str, seed: int, n: int
) -> None:
    rng = np.random.default_rng(seed)
    values = np.array([0, 1, 2, 255], dtype=np.uint8)
    masks = [rng.choice(values, (6, 7)) for _ in range(n)]
    proposal = rng.choice(values[:3], (6, 7))
    snapshot = SkillSnapshot(3, {"a": Tally(found=9, missed=1, spared=3, tasks=5)})
    before = [m.copy() for m in masks]
    first = aggregator(name).aggregate(people(*masks), proposal, snapshot)
    again = aggregator(name).aggregate(people(*masks), proposal, snapshot)
    np.testing.assert_array_equal(first.mask, again.mask)
    np.testing.assert_array_equal(first.probability, again.probability)
    assert first.decision == again.decision
    assert first.reliability == again.reliability
    assert ((first.probability >= 0) & (first.probability <= 1)).all()
    assert 0 <= first.agreement <= 1
    assert all(0 <= r <= 1 for r in first.reliability.values())
    for mask, was in zip(masks, before, strict=True):
        np.testing.assert_array_equal(mask, was)


def test_redundancy_is_reached_whatever_people_draw(agg: Aggregator) -> None:
    config = CrowdConfig(redundancy=3)
    masks = people(square(0, 0), square(8, 8), EMPTY)
    strict = aggregator(agg.name, config)
    assert strict.aggregate(masks[:2], EMPTY, NONE).decision.action == "ask"
    assert strict.aggregate(masks, EMPTY, NONE).decision.action == "retire"


def test_an_unknown_aggregator_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="There is no aggregator “oracle”"):
        aggregator("oracle")
