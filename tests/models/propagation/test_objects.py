"""Objects keep their numbers through z."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.ndimage import label

from models.labels import unsure_of
from models.propagation.objects import (
    ObjectNumbers,
    TooManyObjectsError,
    carry,
    complete,
    matched,
)

SIDE = 24


def blocks(*found: tuple[int, int, int]) -> NDArray[np.uint16]:
    """(8, SIDE) of bars from column x0 to x1 with a number, rows 2 to 6."""
    plane = np.zeros((8, SIDE), dtype=np.uint16)
    for x0, x1, number in found:
        plane[2:6, x0:x1] = number
    return plane


def numbered(
    foreground: list[NDArray[np.uint16]], known: dict[int, NDArray[np.uint16]]
) -> list[NDArray[np.unsignedinteger]]:
    numbers = ObjectNumbers(
        lambda z: foreground[z] > 0, sorted(known), known.__getitem__, dtype=np.uint16
    )
    return [numbers.slice(z) for z in range(len(foreground))]


def one_body(depth: int) -> list[NDArray[np.uint16]]:
    return [blocks((2, 20, 1))] * depth


def test_bodies_keep_their_number_from_slice_to_slice() -> None:
    stack = [blocks((1 + z, 6 + z, 1), (14, 20, 1)) for z in range(6)]
    found = numbered(stack, {})
    assert [np.unique(plane).tolist() for plane in found] == [[0, 1, 2]] * 6
    assert all(plane[3, 3 + z] == 1 and plane[3, 16] == 2 for z, plane in enumerate(found))


def test_a_split_on_one_slice_holds_on_the_slices_that_are_nearer_to_it_than_to_another() -> None:
    whole, cut = blocks((2, 20, 40)), blocks((2, 11, 7), (11, 20, 9))
    found = numbered(one_body(9), {0: whole, 8: cut})
    assert [len(np.unique(plane)) - 1 for plane in found] == [1, 1, 1, 1, 2, 2, 2, 2, 2]
    left, right = int(found[8][3, 4]), int(found[8][3, 18])
    assert all(plane[3, 4] == left and plane[3, 18] == right for plane in found[4:])
    # One of the parts is the object that it was.
    assert found[0][3, 4] in {left, right}


def test_after_a_split_what_touches_stays_apart_above_it() -> None:
    found = numbered(one_body(6), {2: blocks((2, 11, 3), (11, 20, 3000))})
    assert all(plane[3, 4] != plane[3, 18] for plane in found)
    assert len({int(plane[3, 4]) for plane in found}) == 1


def test_a_merge_on_one_slice_holds_on_its_neighbours() -> None:
    apart, merged = blocks((2, 11, 1), (11, 20, 2)), blocks((2, 20, 5))
    found = numbered(one_body(7), {0: apart, 6: merged})
    assert [len(np.unique(plane)) - 1 for plane in found] == [2, 2, 2, 1, 1, 1, 1]


def test_an_object_that_only_the_slice_above_knows_gets_a_number_of_its_own() -> None:
    stack = [blocks((2, 8, 1))] * 3 + [blocks((2, 8, 1), (12, 20, 1))] * 3
    # People used the number 1 for another object on each of the two slices.
    found = numbered(stack, {0: blocks((2, 8, 1)), 5: blocks((2, 8, 2), (12, 20, 1))})
    assert found[5][3, 4] == found[0][3, 4] == 1
    assert {int(plane[3, 15]) for plane in found[3:]} == {2}


def test_a_known_slice_is_kept_pixel_by_pixel_and_only_unvouched_parts_are_filled() -> None:
    drawn = blocks((2, 6, 4), (6, 9, 5))
    drawn[:, 12:] = unsure_of(np.uint16)
    numbers, _ = complete(drawn, blocks((2, 20, 1)) > 0)
    assert (numbers[:, :12] == drawn[:, :12]).all()
    assert (numbers[2:6, 12:20] > 5).all()


def test_it_goes_on_where_it_was_broken_off() -> None:
    stack = [blocks((2, 11, 1), (12 + z // 2, 20, 1)) for z in range(10)]
    known = {4: blocks((2, 11, 1), (14, 20, 9))}
    whole = numbered(stack, known)
    again = ObjectNumbers(
        lambda z: stack[z] > 0,
        [4],
        known.__getitem__,
        dtype=np.uint16,
        before=whole[5],
        highest=max(int(plane.max()) for plane in whole[:6]),
    )
    for z in range(6, 10):
        np.testing.assert_array_equal(again.slice(z), whole[z])


def test_more_objects_than_there_are_numbers_are_refused() -> None:
    plane = np.zeros((64, 64), dtype=bool)
    plane[::2, ::4] = True
    assert label(plane)[1] > 254
    numbers = ObjectNumbers(lambda _: plane, [], dict[int, np.ndarray]().__getitem__, dtype="uint8")
    with pytest.raises(TooManyObjectsError, match="cannot number more than 254"):
        numbers.slice(0)


planes = st.integers(0, 2**32 - 1).map(
    lambda seed: np.random.default_rng(seed).integers(0, 4, (12, 12), dtype=np.int64)
)


@given(foreground=planes, beside=planes)
def test_carrying_numbers_every_foreground_pixel_and_no_other(
    foreground: NDArray[np.int64], beside: NDArray[np.int64]
) -> None:
    numbers, highest = carry(foreground > 1, beside, 10)
    np.testing.assert_array_equal(numbers > 0, foreground > 1)
    new = set(np.unique(numbers)) - set(np.unique(beside)) - {0}
    assert new == set(range(11, highest + 1))


@given(a=planes, b=planes)
def test_a_match_is_one_to_one_and_between_objects_that_overlap(
    a: NDArray[np.int64], b: NDArray[np.int64]
) -> None:
    found = matched(a, b)
    assert len(set(found.values())) == len(found)
    assert all(((a == ours) & (b == theirs)).any() for ours, theirs in found.items())


@given(plane=planes)
def test_objects_match_themselves(plane: NDArray[np.int64]) -> None:
    assert matched(plane, plane) == {int(v): int(v) for v in np.unique(plane) if v}
