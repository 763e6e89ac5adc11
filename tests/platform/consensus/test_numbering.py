"""Object ids that people gave on single slices, in the whole cube."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from lamella.consensus.final import FinalMask
from lamella.consensus.known import object_ids, sources_of
from lamella.cubes.models import Cube
from lamella.volumes import codec
from tests.factories import make_consensus, make_cube, make_proposal, make_study, make_task

pytestmark = pytest.mark.django_db
SHAPE = (6, 8, 24)


@pytest.fixture
def cube() -> Cube:
    return make_cube(make_study(label_dtype="uint16", instances=True), shape=SHAPE)


def bars(*found: tuple[int, int, int]) -> NDArray[np.uint16]:
    """One slice of bars from column x0 to x1, each with a number."""
    plane = np.zeros(SHAPE[1:], dtype=np.uint16)
    for x0, x1, number in found:
        plane[2:6, x0:x1] = number
    return plane


def agree(cube: Cube, z: int, mask: NDArray[Any], **place: Any) -> None:
    make_consensus(make_task(cube, z=z, **place), mask=mask)


def test_one_number_in_two_tiles_is_one_object_only_where_they_touch(cube: Cube) -> None:
    left, right = bars((2, 12, 5), (0, 1, 8))[:, :12], bars((0, 4, 5), (8, 10, 8))[:, :12]
    left[0] = codec.unsure_of(np.uint16)
    agree(cube, 0, left, width=12)
    agree(cube, 0, right, x0=12, width=12)
    ids = object_ids(sources_of(cube), SHAPE[1:])
    assert ids[3, 4] == ids[3, 14] != 0
    assert ids[3, 0] != ids[3, 21]
    assert 0 not in {ids[3, 0], ids[3, 21]}
    assert (ids[0, :12] == codec.unsure_of(np.uint32)).all()
    assert (ids[0, 12:] == 0).all()


def test_new_objects_get_numbers_that_no_other_slice_uses_and_share_them_with_neighbours(
    cube: Cube,
) -> None:
    stack = np.stack([bars((2, 8, 1), (16, 20, 4))] * SHAPE[0])
    proposal = make_proposal(cube, labels=stack, highest_id=4)
    # 2 is free on the slice, and 4 is a new object here: the old one of that number was removed.
    agree(cube, 1, bars((2, 8, 1), (10, 14, 2)))
    agree(cube, 2, bars((2, 8, 1), (10, 13, 4)))
    agree(cube, 5, bars((10, 14, 2)))
    final = FinalMask(cube, proposal)
    planes = final.slices(0, SHAPE[0])
    assert (planes[[0, 3, 4]] == stack[0]).all()
    assert [int(planes[z][3, 11]) for z in (1, 2)] == [5, 5]
    assert planes[5][3, 11] == 6
    assert (planes[1:3, 3, 4] == 1).all()
    # Whatever the numbers, the objects are those that were drawn.
    assert ((planes[2] > 0) == (bars((2, 8, 1), (10, 13, 4)) > 0)).all()


def test_a_cut_drawn_since_the_proposal_keeps_the_old_number_for_one_part(cube: Cube) -> None:
    proposal = make_proposal(cube, labels=np.stack([bars((2, 20, 7))] * SHAPE[0]))
    agree(cube, 3, bars((2, 14, 7), (14, 20, 8)))
    plane = FinalMask(cube, proposal).slice(3)
    assert (plane[3, 4], plane[3, 17]) == (7, 8)


def test_what_the_proposal_knew_already_is_numbered_as_in_it(cube: Cube) -> None:
    agree(cube, 2, bars((2, 8, 1)))
    known = {"sources": [source.to_json() for source in sources_of(cube)]}
    stack = np.stack([bars((2, 8, 30))] * SHAPE[0])
    proposal = make_proposal(cube, labels=stack, known=known, highest_id=30)
    np.testing.assert_array_equal(FinalMask(cube, proposal).slices(0, SHAPE[0]), stack)


def test_a_proposal_from_before_objects_were_numbered_takes_nobodys_numbers_away(
    cube: Cube,
) -> None:
    agree(cube, 2, bars((2, 8, 1), (8, 14, 2)))
    known = {"sources": [source.to_json() for source in sources_of(cube)]}
    everything_one = np.stack([bars((2, 14, 1))] * SHAPE[0])
    proposal = make_proposal(cube, labels=everything_one, known=known)
    plane = FinalMask(cube, proposal).slice(2)
    assert plane[3, 4] != plane[3, 11]
    assert 0 not in {plane[3, 4], plane[3, 11]}


def test_without_a_proposal_objects_are_numbered_one_after_the_other(cube: Cube) -> None:
    agree(cube, 0, bars((2, 8, 9)))
    agree(cube, 4, bars((2, 8, 9)))
    final = FinalMask(cube)
    assert [int(final.slice(z)[3, 4]) for z in (0, 4)] == [1, 2]
