"""What a volunteer meets beside the drawing: first steps, practice, favourites, words, keys."""

import numpy as np
import pytest
from playwright.sync_api import Route, expect

from lamella.annotation.models import Correction
from lamella.cubes.models import LabelsRole
from lamella.rounds.models import Task
from lamella.volumes import codec
from tests import factories as make
from tests.e2e.conftest import PATIENCE, People, axe
from tests.e2e.easel import Easel, discs, drawn, lay_out, newest, stack
from tests.processes import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

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
