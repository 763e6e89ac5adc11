"""A whole task by each kind of hand, and in a study of objects."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Locator, Route, expect

from lamella.annotation.models import Correction
from lamella.cubes.models import LabelsRole
from lamella.rounds.models import Task
from lamella.volumes import codec
from tests import factories as make
from tests.e2e.conftest import PATIENCE, People, axe
from tests.e2e.easel import Easel, drawn, lay_out, newest
from tests.processes import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

HEIGHT, WIDTH = 96, 128

CARD = (
    'document.querySelector(".pane canvas").getContext("webgl2").getExtension("WEBGL_lose_context")'
)
# A browser that only draws in software passes for one with a card.
WITH_A_CARD = """
    const ask = WebGL2RenderingContext.prototype.getExtension;
    WebGL2RenderingContext.prototype.getExtension = function (name) {
        return name === "WEBGL_debug_renderer_info" ? null : ask.call(this, name);
    };
"""
# How many different colours the canvas shows.
COLOURS = """() => {
    const from = document.querySelector(".pane canvas");
    const copy = from.cloneNode();
    const context = copy.getContext("2d");
    context.drawImage(from, 0, 0);
    const pixels = context.getImageData(0, 0, copy.width, copy.height).data;
    return new Set(new Uint32Array(pixels.buffer)).size;
}"""


def without_a_canvas(route: Route) -> None:
    """The worker of a browser that has no canvas for workers."""
    answer = route.fetch()
    route.fulfill(response=answer, body=f"delete self.OffscreenCanvas;{answer.text()}")


def discs(*found: tuple[int, int, int, int], dtype: Any = np.uint8) -> NDArray[Any]:
    """One slice of discs, each (x, y, radius, label)."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    labels = np.zeros((HEIGHT, WIDTH), dtype)
    for cx, cy, radius, label in found:
        labels[(x - cx) ** 2 + (y - cy) ** 2 <= radius**2] = label
    return labels


def stack(plane: NDArray[Any], depth: int = 3) -> NDArray[Any]:
    return np.stack([plane] * depth)


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


def test_the_first_steps_are_tried_on_a_real_slice_and_leave_no_trace(
    transactional_db: None, people: People
) -> None:
    plane = discs((64, 48, 12, 1))
    desk = lay_out(
        np.stack([plane] * 3),
        tutorial="# Cells are round\n\nMark each.\n\n# Dirt is not\n\nLeave it.",
    )
    page = people.page("alice")
    page.goto(desk.address)
    page.get_by_role("button", name="I agree, start").click()
    easel = Easel(page, plane.shape)
    easel.ready()
    card = page.get_by_role("region", name="First steps")
    onward = card.get_by_role("button", name="Next")
    for told in ("Cells are round", "Dirt is not", "Blue dashes"):
        expect(card).to_contain_text(told)
        onward.click()
    easel.stroke((20, 20), (40, 20))
    expect(card).to_contain_text("Well done.")
    onward.click()
    page.keyboard.press("e")
    easel.stroke((30, 16), (30, 24))
    expect(card).to_contain_text("Well done.")
    onward.click()
    page.keyboard.press("Control+z")
    expect(card).to_contain_text("Well done.")
    onward.click()
    page.keyboard.press("f")
    expect(card).to_contain_text("Well done.")
    onward.click()
    card.get_by_role("button", name="Start").click()
    expect(card).to_be_hidden()
    page.get_by_role("button", name="Already right").click()
    correction = newest(0)
    assert (correction.strokes, correction.changed_voxels) == (0, 0)
    page.reload()
    Easel(page, plane.shape).ready()
    expect(card).to_be_hidden()
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("button", name="Show me how").click()
    expect(card).to_contain_text("Cells are round")


def test_a_planted_error_looks_like_work_and_is_told_of_once_it_is_handed_in(
    transactional_db: None, people: People
) -> None:
    truth = discs((30, 30, 10, 1), (80, 60, 12, 1))
    desk = lay_out(stack(truth))
    cube = desk.study.cubes.get()
    desk.study.tasks.all().delete()
    gold = make.make_labels(cube, LabelsRole.GOLD, uri="labels/gold.zarr")
    make.write_voxels(gold.uri, stack(truth), "label")
    shown = discs((30, 30, 10, 1))
    make.make_task(cube, None, kind=Task.Kind.GOLD, planted=codec.pack(shown))
    page = people.page("alice")
    Easel.first(page, desk)
    expect(page.locator(".where")).not_to_contain_text("practice")
    page.get_by_role("button", name="Already right").click()
    expect(page.get_by_role("heading", name="Practice slice")).to_be_visible()
    expect(page.locator(".card")).to_contain_text("We had taken an object away")
    assert Correction.objects.get().mended is False
    # Its answer is known now, so it is not offered once more.
    make.make_task(
        cube, make.make_round(desk.study, 1, state="closed"), proposal=cube.proposals.get()
    )
    page.get_by_role("button", name="Next slice", exact=True).click()
    Easel(page, truth.shape).ready()
    page.get_by_role("button", name="Menu").click()
    expect(page.get_by_role("button", name="Show me how")).to_be_visible()
    expect(page.get_by_role("button", name="Call my last slice back")).to_be_hidden()


def test_a_slice_that_is_liked_is_found_on_the_profile(
    transactional_db: None, people: People
) -> None:
    desk = lay_out(stack(discs((64, 48, 12, 1))))
    page = people.page("alice")
    Easel.first(page, desk)
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("button", name="Keep as a favourite").click()
    page.get_by_role("button", name="Menu").click()
    expect(page.get_by_role("button", name="No longer a favourite")).to_be_visible()
    page.goto("/profile/")
    expect(page.get_by_role("link", name="block, slice 1")).to_be_visible()


def test_the_slice_is_drawn_anew_when_the_graphics_memory_was_taken_away(
    transactional_db: None, people: People
) -> None:
    """As tablets do to a page that was in the background."""
    desk = lay_out(stack(discs((90, 60, 20, 1))))
    page = people.page("alice")
    page.add_init_script(WITH_A_CARD)
    page.route("**/worker-*.js", without_a_canvas)
    easel = Easel.first(page, desk)
    easel.stroke((10, 30), (40, 30))
    expect(page.locator(".saved")).to_have_attribute("data-state", "saved")
    before = page.evaluate(COLOURS)
    page.evaluate(f"(window.card = {CARD}).loseContext()")
    easel.stroke((10, 34), (40, 34))
    assert page.evaluate(COLOURS) < 5 < before
    page.evaluate("card.restoreContext()")
    wait_until(
        lambda: page.evaluate(COLOURS) > 0.9 * before,
        seconds=20 * PATIENCE,
        what="the slice",
    )
    easel.stroke((10, 38), (40, 38))
    mask = drawn(easel.hand_in())
    assert all(mask[y, 25] for y in (30, 34, 38))


def test_a_key_that_was_changed_does_the_new_thing_after_a_reload(
    transactional_db: None, people: People
) -> None:
    plane = discs((64, 48, 12, 1))
    desk = lay_out(stack(plane))
    page = people.page("alice")
    Easel.first(page, desk)
    page.keyboard.press("?")
    page.get_by_role("button", name="Change the key of: Eraser").click()
    page.keyboard.press("q")
    page.get_by_role("button", name="Close").click()
    page.reload()
    Easel(page, plane.shape).ready()
    page.keyboard.press("e")
    expect(page.get_by_role("button", name="Eraser")).to_have_attribute("aria-pressed", "false")
    page.keyboard.press("q")
    expect(page.get_by_role("button", name="Eraser")).to_have_attribute("aria-pressed", "true")


def test_a_flag_and_a_comment_reach_the_managers_eyes(
    transactional_db: None, people: People
) -> None:
    desk = lay_out(stack(discs((64, 48, 12, 1))))
    page = people.page("alice")
    Easel.first(page, desk)
    page.get_by_role("button", name="Hand in and say that this slice was hard").click()
    page.get_by_role("button", name="Comment").click()
    page.get_by_role("textbox").fill("The rim fades towards the right.")
    page.get_by_role("button", name="Keep comment").click()
    page.keyboard.press("Control+Enter")
    correction = newest(0)
    assert (correction.flag, correction.comment) == ("hard", "The rim fades towards the right.")
    assert correction.consent_version == desk.study.consent_version


def test_the_last_slice_is_called_back_and_the_next_keeps_its_strokes(
    transactional_db: None, people: People
) -> None:
    plane = discs((64, 48, 12, 1))
    desk = lay_out(stack(plane))
    page = people.page("alice")
    easel = Easel.first(page, desk)
    easel.stroke((20, 20), (40, 20))
    first = easel.hand_in()
    expect(page.locator(".where")).to_contain_text("slice 2 of 3")
    easel.ready()
    # Something is begun on the next slice before the last one is called back.
    easel.stroke((20, 70), (40, 70))
    expect(page.locator(".saved")).to_have_attribute("data-state", "saved")
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("button", name="Call my last slice back").click()
    expect(page.locator(".where")).to_contain_text("slice 1 of 3")
    easel.ready()
    easel.stroke((80, 20), (100, 20))
    second = easel.hand_in()
    assert second.supersedes == first
    assert second.task == first.task
    mask = drawn(second)
    assert (mask[20, 30], mask[20, 90]) == (1, 1)
    expect(page.locator(".where")).to_contain_text("slice 2 of 3")
    easel.ready()
    third = drawn(easel.hand_in())
    assert third[70, 30] == 1
    assert third[20, 90] == 0


def test_after_a_practice_slice_alice_flips_between_her_mask_and_the_experts(
    transactional_db: None, people: People
) -> None:
    plane = discs((64, 48, 12, 1))
    desk = lay_out(stack(plane))
    cube = desk.study.cubes.get()
    gold = make.make_labels(cube, LabelsRole.GOLD, uri="labels/practised.zarr", slices=[1])
    truth = stack(discs((64, 48, 20, 1)))
    make.write_voxels(gold.uri, truth, "label")
    Task.objects.filter(study=desk.study).delete()
    proposal = cube.proposals.get()
    make.make_task(cube, None, z=1, kind=Task.Kind.GOLD, proposal=proposal)
    page = people.page("alice")
    easel = Easel.first(page, desk)
    easel.stroke((20, 20), (40, 20))
    easel.hand_in()
    expect(page.get_by_role("heading", name="Practice slice")).to_be_visible()
    picture = page.get_by_role("img", name="What you drew")
    expect(picture).to_be_visible()
    page.get_by_role("button", name="Show the experts").click()
    expect(page.get_by_role("img", name="What the experts drew")).to_be_visible()
    assert axe(page) == []
    page.get_by_role("button", name="Show mine").click()
    expect(picture).to_be_visible()
