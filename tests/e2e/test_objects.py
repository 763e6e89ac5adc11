"""Objects with numbers: split, merged and added in the browser."""

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import People
from tests.e2e.easel import Easel, discs, drawn, lay_out, stack

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_alice_splits_merges_and_adds_objects(transactional_db: None, people: People) -> None:
    # Objects 1 and 2 are halves of one disc that touch; object 3 is two discs that touch.
    plane = discs((30, 30, 14, 1), (88, 62, 12, 3), (110, 62, 12, 3), dtype=np.uint16)
    plane[:, 30:][plane[:, 30:] == 1] = 2
    desk = lay_out(stack(plane), instances=True)
    page = people.page("alice")
    easel = Easel.first(page, desk)

    page.keyboard.press("j")
    easel.stroke((24, 30), (38, 30))
    page.get_by_role("button", name="Split line").click()
    easel.stroke((99, 40), (99, 84))
    page.keyboard.press("Shift+I")
    page.keyboard.press("b")
    easel.stroke((30, 78), (44, 78))
    # Where nothing meets nothing there is nothing to merge, and the page says so.
    page.get_by_role("button", name="Merge objects").click()
    easel.stroke((64, 4), (64, 12))
    expect(page.locator(".toast")).to_contain_text("meets no two objects")

    mask = drawn(easel.hand_in())
    assert mask.dtype == np.uint16
    merged = discs((30, 30, 14, 1)) > 0
    assert set(np.unique(mask[merged])) == {1}
    left, right = int(mask[62, 84]), int(mask[62, 114])
    assert 3 in (left, right)
    assert left != right
    assert min(left, right) > 0
    new = int(mask[78, 37])
    assert new not in {0, 1, 2, 3, left, right}
    # What was one pixel of an object still is one: a split takes nothing away.
    assert ((mask > 0) == ((plane > 0) | (mask == new))).all()


def test_a_merge_is_undone_and_done_again(transactional_db: None, people: People) -> None:
    plane = discs((30, 30, 14, 1), (80, 60, 14, 2), dtype=np.uint16)
    desk = lay_out(stack(plane), instances=True)
    page = people.page("alice")
    easel = Easel.first(page, desk)
    page.keyboard.press("j")
    easel.stroke((30, 30), (80, 60))
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+Shift+z")
    mask = drawn(easel.hand_in())
    assert set(np.unique(mask)) == {0, 1}
    assert ((mask > 0) == (plane > 0)).all()
