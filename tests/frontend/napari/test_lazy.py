"""Views that read only what is looked at."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from napari_lamella.lazy import LazyArray

SHAPE = (5, 7, 6)
VOLUME = np.arange(np.prod(SHAPE)).reshape(SHAPE)


def part(size: int) -> st.SearchStrategy[int | slice]:
    ends = st.none() | st.integers(-size - 1, size + 1)
    steps = st.none() | st.integers(1, 3)
    return st.integers(-size, size - 1) | st.builds(slice, ends, ends, steps)


@given(first=st.tuples(*map(part, SHAPE)), data=st.data())
def test_two_cuts_give_what_numpy_gives(first: tuple[int | slice, ...], data: Any) -> None:
    expected = VOLUME[first]
    view = LazyArray(VOLUME)[first]
    assert view.shape == expected.shape
    np.testing.assert_array_equal(np.asarray(view), expected)
    second = data.draw(hnp.basic_indices(expected.shape, allow_newaxis=False))
    keys = second if isinstance(second, tuple) else (second,)
    if all(not isinstance(key, slice) or (key.step or 1) > 0 for key in keys):
        np.testing.assert_array_equal(np.asarray(view[second]), expected[second])


class Counting:
    """Counts the values that are read from it."""

    shape, dtype = SHAPE, VOLUME.dtype

    def __init__(self) -> None:
        self.read = 0

    def __getitem__(self, key: Any, /) -> Any:
        values = VOLUME[key]
        self.read += values.size
        return values


def test_napari_s_two_cuts_read_one_slice() -> None:
    source = Counting()
    tile = LazyArray(source)[:, 1:4, 2:6]
    plane = tile[(np.int64(3), slice(None), slice(None))]
    assert source.read == 0
    np.testing.assert_array_equal(plane, VOLUME[3, 1:4, 2:6])
    assert source.read == 12


def test_it_cannot_be_turned_backwards() -> None:
    with pytest.raises(IndexError, match="positive"):
        LazyArray(VOLUME)[::-1]


def test_too_many_indices_are_refused() -> None:
    with pytest.raises(IndexError, match="3 axes"):
        LazyArray(VOLUME)[0, 0, 0, 0]


def test_it_has_the_size_of_what_it_shows() -> None:
    view = LazyArray(VOLUME.astype(np.uint32))[1:3, 0]
    assert (view.ndim, view.size, view.nbytes, len(view)) == (2, 12, 48, 2)


def test_there_is_no_view_without_a_copy() -> None:
    with pytest.raises(ValueError, match="copy"):
        LazyArray(VOLUME).__array__(copy=False)
