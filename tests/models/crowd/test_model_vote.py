"""The model is one more annotator where volunteers differ, and has no say where they agree."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from models.crowd.model_vote import SUREST, with_model
from models.labels import unsure_of

UNSURE = unsure_of(np.dtype(np.uint8))


def settled(value: int, people: float, *model: float, disputed: bool = True) -> int:
    mask = np.full((1, 1), value, dtype=np.uint8)
    probability = np.full((1, 1), people, dtype=np.float32)
    shares = np.array(model).reshape(-1, 1, 1)
    return int(with_model(mask, np.full((1, 1), disputed), probability, shares)[0, 0])


def test_two_people_who_differ_are_settled_by_the_model() -> None:
    assert settled(1, 0.5, 0.2) == 0
    assert settled(1, 0.5, 0.8) == 1
    assert settled(0, 0.5, 0.8) == 1


def test_a_majority_of_three_gives_way_only_to_a_model_that_is_sure() -> None:
    assert settled(1, 2 / 3, 0.4) == 1
    assert settled(1, 2 / 3, 0.1) == 0


def test_a_large_majority_does_not_give_way_however_sure_the_model_is() -> None:
    assert settled(1, SUREST + 0.01, 0.0) == 1


def test_what_people_agree_on_stays() -> None:
    assert settled(1, 0.5, 0.0, disputed=False) == 1
    assert settled(1, 1.0, 0.0) == 1


def test_of_several_classes_the_likeliest_beside_the_agreed_one_is_the_rival() -> None:
    assert settled(1, 0.5, 0.1, 0.7) == 2
    assert settled(1, 0.5, 0.1, 0.2) == 0


def test_what_nobody_was_sure_of_stays_unsure() -> None:
    assert settled(UNSURE, 0.0, 1.0) == UNSURE


@given(st.integers(0, 2**16), st.floats(0.3, 1.0))
def test_a_model_that_says_what_people_say_changes_nothing(seed: int, people: float) -> None:
    rng = np.random.default_rng(seed)
    mask = rng.integers(0, 3, (5, 6)).astype(np.uint8)
    shares = np.stack([(mask == k) * 0.95 for k in (1, 2)])
    probability = np.full(mask.shape, people, dtype=np.float32)
    assert np.array_equal(with_model(mask, mask >= 0, probability, shares), mask)
