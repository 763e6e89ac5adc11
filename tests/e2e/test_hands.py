"""A whole task by each kind of hand: keyboard, pen, finger."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect

from lamella.annotation.models import Correction
from tests.e2e.conftest import PATIENCE, People
from tests.e2e.easel import Easel, discs, drawn, lay_out, newest, stack

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_whole_task_by_keyboard_alone(transactional_db: None, people: People) -> None:
    plane = discs((64, 48, 12, 1))
    desk = lay_out(stack(plane))
    page = people.page("alice")
    page.goto(f"/studies/{desk.study.slug}/")
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent.trim()") == "Correct a slice":
            break
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{desk.address}")
    expect(page.get_by_role("button", name="I agree, start")).to_be_focused()
    page.keyboard.press("Enter")
    Easel(page, plane.shape).ready()
    # The cursor begins in the middle of the slice: once there, the brush paints a round spot.
    for _ in range(4):
        page.keyboard.press("Shift+ArrowLeft")
    page.keyboard.press("Enter")
    page.keyboard.press("e")
    for _ in range(4):
        page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Enter")
    # A triangle by the lasso: a corner at each Enter, closed with Shift.
    page.keyboard.press("l")
    page.keyboard.press("Enter")
    for _ in range(6):
        page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Enter")
    for _ in range(4):
        page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Shift+Enter")
    before = Correction.objects.count()
    page.keyboard.press("Control+Enter")
    correction = newest(before)
    mask = drawn(correction)
    assert correction.strokes == 3
    assert (mask[:, :50] > 0).any(), "the brush has marked something on the left"
    assert mask[44, 60] == 0, "the eraser has taken the middle away"
    expect(page.locator(".app")).to_have_attribute("data-phase", "work")


def test_a_whole_task_by_pen_where_fingers_move_the_image(
    transactional_db: None, people: People
) -> None:
    plane = discs((30, 30, 12, 1))
    desk = lay_out(stack(plane))
    page = people.page("alice", has_touch=True)
    easel = Easel.first(page, desk)
    easel.stroke((70, 40), (100, 40), hand="pen")
    # The hand that rests on the screen and a finger later on draw nothing.
    easel.stroke((20, 80), (40, 80), hand="touch")
    page.wait_for_timeout(600)
    easel.stroke((60, 80), (64, 80), hand="touch")
    page.get_by_role("button", name="Done").click()
    mask = drawn(newest(0))
    assert mask[40, 85] == 1
    assert not mask[70:].any()
    assert (mask[:60, :60] == plane[:60, :60]).all()


def tap(target: Locator, taken: Callable[[], bool], seconds: float) -> None:
    """Tap until it is taken: browsers drop taps that come in the moment a stroke ends."""
    for _ in range(5):
        target.page.wait_for_timeout(500)
        target.tap()
        # A tap becomes a click a little later.
        for _ in range(int(10 * seconds * PATIENCE)):
            if taken():
                return
            target.page.wait_for_timeout(100)
    raise AssertionError(f"Five taps in vain on {target}.")


def test_a_whole_task_by_finger_on_a_phone(transactional_db: None, people: People) -> None:
    plane = discs((64, 48, 12, 1))
    desk = lay_out(stack(plane))
    phone = {"width": 390, "height": 844}
    page = people.page("alice", viewport=phone, has_touch=True, is_mobile=True)
    page.goto(desk.address)
    page.get_by_role("button", name="I agree, start").tap()
    page.get_by_role("button", name="Skip").tap()
    easel = Easel(page, plane.shape)
    easel.ready()
    for name, spots in (("Eraser", ((40, 48), (88, 48))), ("Brush", ((20, 20), (40, 20)))):
        tool = page.get_by_role("button", name=name, exact=True)
        pressed = page.locator(f'[aria-pressed="true"][aria-label="{name}"]')
        tap(tool, pressed.is_visible, seconds=2)
        easel.stroke(*spots, hand="touch")
    tap(page.get_by_role("button", name="Done"), Correction.objects.exists, seconds=8)
    correction = newest(0)
    mask = drawn(correction)
    assert mask[48, 64] == 0, "the eraser"
    assert mask[20, 30] == 1, "the brush"
    assert correction.strokes == 2
    assert correction.changed_voxels == int((mask != plane).sum())
