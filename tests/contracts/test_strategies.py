"""What every strategy keeps to, whatever it goes by."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.selection.pool import Pool, SelectionError, Strategy
from models.selection.registry import FOR_STUDIES, STRATEGIES, strategy

NAMES = sorted(STRATEGIES)
JARGON = ("NaN", "argmax", "None", "array", "float", "inf)")


@pytest.fixture(params=NAMES)
def method(request: pytest.FixtureRequest) -> Strategy:
    return strategy(str(request.param))


def pool(
    n: int = 30,
    *,
    seed: int = 0,
    tiled: bool = False,
    excluded: np.ndarray | None = None,
    known: np.ndarray | None = None,
    value: float | None = None,
) -> Pool:
    """A cube of n slices of 64 x 64 (or of 2 x 2 tiles each), with every score there is."""
    rng = np.random.default_rng(seed)
    boxes = [[0, 0, 64, 64]]
    if tiled:
        boxes = [[y, x, 32, 32] for y in (0, 32) for x in (0, 32)]
    z = np.repeat(np.arange(n), len(boxes))
    size = len(z)
    scores = {
        key: rng.random(size) if value is None else np.full(size, value)
        for key in (
            "discriminator",
            "entropy",
            "entropy_of_1",
            "entropy_of_2",
            "error",
            "foreground",
            "expected_error",
            "seconds",
        )
    }
    return Pool(
        identity=np.arange(size) + 100,
        cube=np.zeros(size, np.int64),
        z=z,
        box=np.array(boxes * n, dtype=np.int64).reshape(-1, 4),
        scores=scores,
        excluded=excluded,
        known=known,
        features=rng.random((size, 3)),
    )


def chosen(method: Strategy, given_pool: Pool, n: int, seed: int = 0) -> list[int]:
    return [c.identity for c in method.choose(given_pool, n, np.random.default_rng(seed))]


def test_as_many_distinct_candidates_as_asked_for(method: Strategy) -> None:
    for tiled in (False, True):
        found = chosen(method, pool(tiled=tiled), 7)
        assert len(found) == len(set(found)) == 7
        assert set(found) <= set(pool(tiled=tiled).identity.tolist())


def test_excluded_candidates_are_never_chosen(method: Strategy) -> None:
    excluded = np.zeros(30, dtype=bool)
    excluded[5:] = True
    assert sorted(chosen(method, pool(excluded=excluded), 30)) == [100, 101, 102, 103, 104]


def test_known_slices_are_never_chosen(method: Strategy) -> None:
    known = np.array([[0, z, 0, 0, 64, 64] for z in range(0, 30, 2)])
    found = chosen(method, pool(known=known), 30)
    assert sorted(found) == list(range(101, 130, 2))


def test_a_known_tile_leaves_the_rest_of_its_slice_open(method: Strategy) -> None:
    known = np.array([[0, 3, 0, 0, 32, 32]])
    found = chosen(method, pool(tiled=True, known=known), 200)
    assert len(found) == 119
    assert 100 + 3 * 4 not in found


def test_the_same_seed_gives_the_same_choice(method: Strategy) -> None:
    assert chosen(method, pool(), 9, seed=4) == chosen(method, pool(), 9, seed=4)


def test_more_asked_for_than_there_are_gives_all(method: Strategy) -> None:
    assert sorted(chosen(method, pool(6), 50)) == list(range(100, 106))


@pytest.mark.parametrize("n", [0, 1, 3])
def test_a_cube_of_one_slice_works(method: Strategy, n: int) -> None:
    assert len(chosen(method, pool(1), n)) == min(n, 1)


def test_an_empty_pool_gives_nothing(method: Strategy) -> None:
    assert chosen(method, pool(0), 3) == []


@pytest.mark.parametrize("value", [0.0, 0.5, float("nan"), float("inf"), -3.0])
def test_scores_that_tell_nothing_apart_still_give_distinct_choices(
    method: Strategy, value: float
) -> None:
    found = chosen(method, pool(value=value), 8)
    assert len(set(found)) == 8


def test_some_missing_scores_do_no_harm(method: Strategy) -> None:
    some = pool()
    for values in some.scores.values():
        values[::3] = np.nan
    assert len(set(chosen(method, some, 30))) == 30


def test_several_cubes_share_a_pool(method: Strategy) -> None:
    one = pool(12)
    cube = np.repeat([0, 1], 6)
    both = Pool(one.identity, cube, one.z % 6, one.box, one.scores, features=one.features)
    assert len(set(chosen(method, both, 12))) == 12


def test_every_reason_is_a_plain_sentence_and_every_score_finite(method: Strategy) -> None:
    for choice in method.choose(pool(), 5, np.random.default_rng(0)):
        assert choice.reason.startswith("Slice ")
        assert choice.reason.endswith(".")
        assert not any(word in choice.reason for word in JARGON)
        assert np.isfinite(choice.score)


def test_neither_pool_nor_scores_are_changed(method: Strategy) -> None:
    given_pool = pool(value=-1.0)
    before = {k: v.copy() for k, v in given_pool.scores.items()}
    method.choose(given_pool, 5, np.random.default_rng(0))
    for key, values in before.items():
        np.testing.assert_array_equal(given_pool.scores[key], values)


@settings(max_examples=60, deadline=None)
@given(
    name=st.sampled_from(NAMES),
    seed=st.integers(0, 9999),
    slices=st.integers(1, 12),
    n=st.integers(0, 15),
    tiled=st.booleans(),
)
def test_any_pool_gives_open_distinct_choices(
    name: str, seed: int, slices: int, n: int, tiled: bool
) -> None:
    rng = np.random.default_rng(seed)
    size = slices * (4 if tiled else 1)
    known = np.array([[0, rng.integers(slices), 0, 0, *rng.choice([32, 64], 2)] for _ in range(3)])
    given_pool = pool(slices, seed=seed, tiled=tiled, excluded=rng.random(size) < 0.3, known=known)
    found = chosen(strategy(name), given_pool, n, seed)
    free = set(given_pool.identity[given_pool.open()].tolist())
    assert len(found) == len(set(found)) == min(n, len(free))
    assert set(found) <= free


def test_a_missing_score_is_named() -> None:
    bare = pool()
    bare = Pool(bare.identity, bare.cube, bare.z, bare.box)
    for name in (
        "discriminator", "entropy", "oracle", "expected_error", "clasp_pe", "foreground_random"
    ):  # fmt: skip
        with pytest.raises(SelectionError, match=f"“{name}” needs the scores"):
            strategy(name).choose(bare, 1, np.random.default_rng(0))


def test_an_unknown_strategy_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="There is no strategy “best”"):
        strategy("best")


def test_no_study_can_choose_the_oracle() -> None:
    assert "oracle" not in FOR_STUDIES
    assert set(FOR_STUDIES) < set(STRATEGIES)
