"""Vote shares: sparse where people agree, exact where they differ."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from models.crowd.shares import VoteShares, paint, share_votes, undisputed

UNSURE = 255
CLASSES = 2
SHAPE = (5, 7)

values = st.sampled_from([0, 1, 2, UNSURE])
mask_lists = st.lists(arrays(np.uint8, SHAPE, elements=values), min_size=1, max_size=6)


def dense(votes: VoteShares) -> NDArray[np.float32]:
    """(K, H, W) shares, NaN where nothing is disputed."""
    every = np.full((votes.shares.shape[1], np.prod(votes.shape)), np.nan, np.float32)
    every[:, votes.pixels] = votes.shares.T
    return every.reshape(-1, *votes.shape)


def marked(y0: int, x0: int, value: int, side: int = 2) -> NDArray[np.uint8]:
    mask = np.zeros(SHAPE, np.uint8)
    mask[y0 : y0 + side, x0 : x0 + side] = value
    return mask


@given(mask_lists)
def test_every_pixel_is_agreed_on_or_has_the_share_of_each_class(
    masks: list[NDArray[np.uint8]],
) -> None:
    shares = dense(share_votes(masks, CLASSES))
    for y, x in np.ndindex(SHAPE):
        cast = [int(mask[y, x]) for mask in masks if mask[y, x] != UNSURE]
        if len(set(cast)) < 2:
            assert np.isnan(shares[:, y, x]).all()
            continue
        expected = [cast.count(k) / len(cast) for k in (1, 2)]
        np.testing.assert_allclose(shares[:, y, x], expected, atol=1e-3)


@given(mask_lists)
def test_the_order_of_the_volunteers_does_not_matter(masks: list[NDArray[np.uint8]]) -> None:
    one, two = share_votes(masks, CLASSES), share_votes(masks[::-1], CLASSES)
    np.testing.assert_array_equal(one.pixels, two.pixels)
    np.testing.assert_array_equal(one.shares, two.shares)


@given(
    mask_lists,
    arrays(np.int64, st.integers(1, 9), elements=st.integers(0, SHAPE[0] - 1)),
    arrays(np.int64, st.integers(1, 9), elements=st.integers(0, SHAPE[1] - 1)),
)
def test_what_is_taken_is_what_lies_there_repeats_and_all(
    masks: list[NDArray[np.uint8]], rows: NDArray[np.int64], columns: NDArray[np.int64]
) -> None:
    votes = share_votes(masks, CLASSES)
    taken = dense(votes.take(rows, columns))
    np.testing.assert_array_equal(taken, dense(votes)[:, rows[:, None], columns])


def test_being_unsure_is_no_vote() -> None:
    sure, unsure = marked(0, 0, 1), marked(0, 0, UNSURE)
    assert not len(share_votes([sure, unsure, sure], CLASSES).pixels)
    votes = share_votes([sure, unsure, np.zeros_like(sure)], CLASSES)
    assert votes.pixels.tolist() == [0, 1, 7, 8]
    np.testing.assert_array_equal(votes.shares, [[0.5, 0.0]] * 4)


def test_one_mask_is_never_disputed() -> None:
    assert not len(share_votes([marked(1, 1, 2)], CLASSES).pixels)


def test_a_tile_s_votes_lie_where_the_tile_lies() -> None:
    tile = share_votes([np.array([[1, 0]], np.uint8), np.array([[0, 0]], np.uint8)], CLASSES)
    votes = paint(undisputed(SHAPE, CLASSES), tile, 3, 4, (1, 2))
    assert votes.pixels.tolist() == [3 * 7 + 4]
    assert votes.shares.tolist() == [[0.5, 0.0]]


def test_a_later_word_on_a_place_replaces_the_votes_there() -> None:
    empty = np.zeros(SHAPE, np.uint8)
    votes = share_votes([marked(0, 0, 1, side=4), empty], CLASSES)
    overruled = paint(votes, None, 0, 0, (5, 2))
    assert dense(overruled)[0, :4, 2:4].tolist() == [[0.5, 0.5]] * 4
    assert np.isnan(dense(overruled)[0, :, :2]).all()
    again = paint(overruled, share_votes([empty[:, :2] + 2, empty[:, :2]], CLASSES), 0, 0, (5, 2))
    assert (np.diff(again.pixels) > 0).all()
    assert dense(again)[1, :, :2].tolist() == [[0.5, 0.5]] * 5
