"""The greedy choice that counts what a shown slice does for its neighbours."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.config import SelectionConfig
from models.selection.cover import Cover
from models.selection.pool import Pool

PLAIN = SelectionConfig(spread=3.0, alike=0.0)


def stack(
    n: int,
    known: tuple[int, ...] = (),
    excluded: tuple[int, ...] = (),
    features: np.ndarray | None = None,
) -> Pool:
    out = np.zeros(n, dtype=bool)
    out[list(excluded)] = True
    return Pool(
        identity=np.arange(n),
        cube=np.zeros(n, np.int64),
        z=np.arange(n),
        box=np.tile([0, 0, 32, 32], (n, 1)),
        excluded=out,
        known=np.array([[0, z, 0, 0, 32, 32] for z in known]).reshape(-1, 6),
        features=features,
    )


def greedy(cover: Cover, n: int) -> list[int]:
    found: list[int] = []
    tie = np.zeros(len(cover.pool))
    while len(found) < n and (best := cover.best(tie)) is not None:
        found.append(best)
        cover.take(best)
    return found


def test_even_error_between_known_slices_is_halved_in_the_middle() -> None:
    assert greedy(Cover(stack(11, known=(0, 10)), np.ones(11), PLAIN), 1) == [5]


def test_the_larger_gap_goes_first_and_then_its_halves_or_the_other_gap() -> None:
    found = greedy(Cover(stack(25, known=(0, 16, 24)), np.ones(25), PLAIN), 4)
    assert found[0] == 8
    assert found[1] == 20
    assert sorted(abs(z - 8) for z in found[2:]) in ([4, 4], [4, 5], [5, 5])


def test_error_on_one_side_draws_the_choice_there() -> None:
    error = np.ones(21)
    error[12:18] = 6.0
    assert 12 <= greedy(Cover(stack(21, known=(0, 20)), error, PLAIN), 1)[0] <= 17


def test_a_lone_bad_slice_beside_a_known_one_gives_way_to_a_wide_gap() -> None:
    error = np.ones(40)
    error[1] = 4.0
    assert greedy(Cover(stack(40, known=(0, 2, 39)), error, PLAIN), 1)[0] > 5


def test_what_is_in_hand_already_counts_as_help() -> None:
    alone = greedy(Cover(stack(21, known=(0, 20)), np.ones(21), PLAIN), 1)
    beside = greedy(Cover(stack(21, known=(0, 20), excluded=(10,)), np.ones(21), PLAIN), 1)
    assert alone == [10]
    assert beside[0] in (5, 15)


def test_a_dear_task_gives_way_to_a_cheap_one_of_equal_worth() -> None:
    error = np.zeros(40)
    error[[5, 30]] = 1.0
    seconds = np.ones(40)
    seconds[5] = 2.0
    assert greedy(Cover(stack(40), error, PLAIN, seconds), 1) == [30]


def test_look_alikes_of_a_choice_are_worth_less_from_then_on() -> None:
    looks = np.zeros((60, 1))
    looks[40:] = 1.0
    error = np.zeros(60)
    error[[5, 25, 45]] = [1.0, 0.9, 0.8]
    unlike = SelectionConfig(spread=1.0, alike=0.5)
    assert greedy(Cover(stack(60, features=looks), error, unlike), 2) == [5, 45]
    assert greedy(Cover(stack(60, features=looks), error, PLAIN), 2) == [5, 25]


def test_known_tiles_help_their_own_place_alone() -> None:
    boxes = np.array([[0, 0, 16, 16], [0, 16, 16, 16]])
    pool = Pool(
        identity=np.arange(22),
        cube=np.zeros(22, np.int64),
        z=np.repeat(np.arange(11), 2),
        box=np.tile(boxes, (11, 1)),
        known=np.array([[0, 5, 0, 0, 16, 16]]),
    )
    found = greedy(Cover(pool, np.ones(22), PLAIN), 1)[0]
    assert pool.box[found].tolist() == [0, 16, 16, 16]


def test_a_half_known_tile_is_helped_less_than_one_known_in_whole() -> None:
    half, whole = (
        Pool(
            np.arange(9), np.zeros(9, np.int64), np.arange(9), np.tile([0, 0, 8, 8], (9, 1)),
            known=np.array([[0, 4, 0, 0, 8, width]]),
        )
        for width in (4, 8)
    )  # fmt: skip
    gains = [Cover(pool, np.ones(9), PLAIN).gain[5] for pool in (half, whole)]
    assert gains[0] > gains[1]


@settings(max_examples=50, deadline=None)
@given(
    n=st.integers(1, 40),
    seed=st.integers(0, 999),
    spread=st.floats(0.1, 20),
    alike=st.floats(0, 0.5),
)
def test_gains_are_finite_and_fall_as_more_is_chosen(
    n: int, seed: int, spread: float, alike: float
) -> None:
    rng = np.random.default_rng(seed)
    known = tuple(int(z) for z in rng.choice(n, rng.integers(0, n + 1), replace=False))
    pool = stack(n, known=known, features=rng.random((n, 2)))
    cover = Cover(pool, rng.random(n), SelectionConfig(spread=spread, alike=alike))
    last = np.inf
    while (best := cover.best(np.zeros(n))) is not None:
        assert np.isfinite(cover.gain[best])
        assert cover.gain[best] <= last * 1.5 + 1e-9
        last = float(cover.gain[best])
        assert best not in known
        cover.take(best)
    assert not cover.free.any()


def test_a_deep_cube_is_looked_at_in_a_band() -> None:
    pool = stack(5000, known=(0, 4999))
    cover = Cover(pool, np.ones(5000), PLAIN)
    found = greedy(cover, 3)
    assert all(20 < z < 4980 for z in found)


def test_the_gain_is_the_error_that_is_expected_to_go() -> None:
    cover = Cover(stack(3, known=(0,)), np.array([0.0, 2.0, 4.0]), PLAIN)
    untold = 1 - np.exp(-((np.array([0.5, 1.0]) / 3.0) ** 0.8))
    # Showing slice 2 leaves slice 1 between two known ones: 1 * 1 / 2 slices to wander.
    assert cover.gain[2] == pytest.approx(4.0 + 2.0 * (1 - untold[0] / untold[1]))
