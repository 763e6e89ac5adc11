"""What sets the single strategies apart."""

import numpy as np
import pytest

from models.config import SelectionConfig
from models.selection.bisection import Bisection
from models.selection.cover import usable
from models.selection.discriminator import Discriminator
from models.selection.features import NAMES, look, looks
from models.selection.pool import Pool, SelectionError
from models.selection.spread import Spread
from models.selection.uniform import Uniform

RNG = np.random.default_rng


def stack(n: int, score: np.ndarray | None = None, known: tuple[int, ...] = ()) -> Pool:
    return Pool(
        identity=np.arange(n),
        cube=np.zeros(n, np.int64),
        z=np.arange(n),
        box=np.tile([0, 0, 32, 32], (n, 1)),
        scores={} if score is None else {"discriminator": score},
        known=np.array([[0, z, 0, 0, 32, 32] for z in known]).reshape(-1, 6),
    )


def test_bisection_takes_the_middle_of_the_largest_gap() -> None:
    found = Bisection().choose(stack(31, known=(0, 10, 30)), 3, RNG(0))
    assert [c.identity for c in found[:1]] == [20]
    assert {c.identity for c in found[1:]} <= {5, 15, 25}


def test_bisection_starts_in_the_middle_and_goes_out_at_the_ends() -> None:
    found = [c.identity for c in Bisection().choose(stack(41), 3, RNG(0))]
    assert found[0] == 20
    assert all(abs(z - 20) > 10 for z in found[1:])


def test_uniform_slices_are_equally_far_apart() -> None:
    found = sorted(c.identity for c in Uniform().choose(stack(40), 4, RNG(0)))
    assert found == [5, 15, 25, 35]


def test_a_worst_slices_neighbours_give_way_to_another_bad_place() -> None:
    score = np.full(40, 0.01)
    score[8:13] = [0.8, 0.9, 1.0, 0.9, 0.8]
    score[30] = 0.7
    found = [c.identity for c in Discriminator().choose(stack(40, score), 2, RNG(0))]
    assert found[0] == 10
    narrow = Discriminator(SelectionConfig(spread=0.01)).choose(stack(40, score), 2, RNG(0))
    assert {c.identity for c in narrow} <= {9, 10, 11}
    wide = Discriminator(SelectionConfig(spread=6)).choose(stack(40, score), 3, RNG(0))
    assert any(c.identity > 20 for c in wide)


def test_a_bad_slice_beside_a_known_one_is_worth_less() -> None:
    score = np.zeros(40)
    score[[11, 30]] = 1.0
    found = Discriminator().choose(stack(40, score, known=(10,)), 1, RNG(0))
    assert found[0].identity == 30


def test_known_slices_of_another_cube_help_nobody_here() -> None:
    pool = Pool(
        np.arange(4), np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1]),
        np.tile([0, 0, 8, 8], (4, 1)), {"discriminator": np.array([1, 0, 0.9, 0])},
        known=np.array([[1, 1, 0, 0, 8, 8]]),
    )  # fmt: skip
    assert Discriminator().choose(pool, 1, RNG(0))[0].identity == 0


def test_negative_scores_are_shifted_and_missing_ones_are_average() -> None:
    free = np.ones(4, dtype=bool)
    np.testing.assert_allclose(usable(np.array([-2.0, 0, np.nan, 2]), free), [0, 2, 2, 4])


def test_round_0_represents_every_kind_of_slice_and_not_the_outlier() -> None:
    features = np.zeros((60, 2))
    features[30:] = 1.0
    features[45] = 50.0
    base = stack(60)
    pool = Pool(base.identity, base.cube, base.z, base.box, features=features)
    found = [c.identity for c in Spread().choose(pool, 4, RNG(0))]
    assert sum(z < 30 for z in found) == 2
    assert 45 not in found
    assert min(abs(a - b) for a in found for b in found if a != b) >= 8


def test_round_0_keeps_away_from_what_is_known() -> None:
    found = Spread().choose(stack(40, known=(10,)), 1, RNG(0))
    assert found[0].identity > 20


def test_a_large_pool_is_sampled_for_round_0() -> None:
    found = Spread(SelectionConfig(spread_limit=50)).choose(stack(3000), 10, RNG(0))
    assert len({c.identity for c in found}) == 10


def test_a_pool_of_uneven_columns_is_refused() -> None:
    with pytest.raises(SelectionError, match="z has 2 entries for 3 candidates"):
        Pool(np.arange(3), np.zeros(3, int), np.zeros(2, int), np.zeros((3, 4), int))
    with pytest.raises(SelectionError, match="same identity"):
        Pool(np.zeros(2, int), np.zeros(2, int), np.zeros(2, int), np.zeros((2, 4), int))


def test_looks_tell_texture_from_emptiness_and_are_always_finite() -> None:
    rng = RNG(0)
    busy, empty = rng.integers(0, 255, (64, 64)), np.full((64, 64), 128)
    a, b = look(busy, 0, 255), look(empty, 0, 255)
    assert a[NAMES.index("fine")] > b[NAMES.index("fine")]
    assert np.isfinite(look(np.full((8, 8), np.nan), 0, 0)).all()
    assert looks([busy, empty], 0, 255).shape == (2, len(NAMES))
    assert looks([], 0, 255).shape == (0, len(NAMES))
