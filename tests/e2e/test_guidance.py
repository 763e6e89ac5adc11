"""The patches that the second machine doubts: outlined, reached by keys, hidden at will."""

from collections.abc import Callable

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from lamella.rounds.models import Task
from tests import factories as make
from tests.e2e.conftest import People
from tests.e2e.easel import Desk, Easel, lay_out

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SHAPE = (3, 96, 128)
PATCH = 16
# Rows and columns of patches that are found unreal, worst first.
DOUBTED = ((3, 5), (4, 6))
TILE = {"y0": 32, "x0": 64, "height": 64, "width": 64}

# The bounds (left, top, right, bottom) of what is drawn in the patches' yellow, in CSS pixels.
YELLOW = """() => {
    const canvas = document.querySelector(".pane canvas.overlay");
    if (canvas.hidden) return null;
    const { left, top, width } = canvas.getBoundingClientRect();
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    const found = [Infinity, Infinity, -Infinity, -Infinity];
    for (let i = 0; i < data.length; i += 4) {
        const [red, green, blue, alpha] = data.subarray(i, i + 4);
        if (red < 200 || green < 190 || blue > 110 || alpha < 200) continue;
        const [x, y] = [(i / 4) % canvas.width, Math.floor(i / 4 / canvas.width)];
        found[0] = Math.min(found[0], x); found[1] = Math.min(found[1], y);
        found[2] = Math.max(found[2], x); found[3] = Math.max(found[3], y);
    }
    const scale = width / canvas.width;
    return found[2] < 0 ? null : [left + found[0] * scale, top + found[1] * scale,
        left + (found[2] + 1) * scale, top + (found[3] + 1) * scale];
}"""


@pytest.fixture
def desk(transactional_db: None) -> Desk:
    desk = lay_out(np.zeros(SHAPE, np.uint8))
    scores = np.full((SHAPE[0], SHAPE[1] // PATCH, SHAPE[2] // PATCH), 0.9)
    for badness, (row, column) in enumerate(DOUBTED):
        scores[:, row, column] = 0.1 + 0.1 * badness
    make.make_scores(desk.study.cubes.get().proposals.get(), {"discriminator_focus": scores}, PATCH)
    return desk


def opened(people: People, desk: Desk, shape: tuple[int, ...]) -> tuple[Page, Easel]:
    page = people.page("alice")
    page.goto(desk.address)
    page.get_by_role("button", name="I agree, start").click()
    page.get_by_role("button", name="Skip").click()
    easel = Easel(page, shape)
    easel.ready()
    return page, easel


def wait_until(page: Page, holds: Callable[[], bool]) -> None:
    """Asks again and again: a page's rules forbid to hand it a function to wait for."""
    for _ in range(100):
        if holds():
            return
        page.wait_for_timeout(50)
    raise AssertionError("It did not become so within five seconds.")


def test_alice_goes_from_doubt_to_doubt_and_hides_them(desk: Desk, people: People) -> None:
    page, _ = opened(people, desk, SHAPE)
    panel = page.get_by_role("complementary")
    expect(panel).to_contain_text("Worth a look")
    assert page.evaluate(YELLOW) is not None
    for key, told in (("n", "1 of 2"), ("n", "2 of 2"), ("n", "1 of 2"), ("Shift+N", "2 of 2")):
        page.keyboard.press(key)
        expect(panel.locator(".num")).to_have_text(told)
        expect(page.get_by_role("status").last).to_contain_text(told)
    page.get_by_role("button", name="Menu").click()
    page.get_by_label("Show places worth a look").uncheck()
    page.keyboard.press("Escape")
    wait_until(page, lambda: page.evaluate(YELLOW) is None)
    # Who asks for the next one wants to see it.
    page.keyboard.press("n")
    wait_until(page, lambda: page.evaluate(YELLOW) is not None)


def test_a_patch_of_a_tile_is_outlined_where_it_lies(desk: Desk, people: People) -> None:
    Task.objects.filter(study=desk.study).update(**TILE)
    page, easel = opened(people, desk, (TILE["height"], TILE["width"]))
    found = page.evaluate(YELLOW)
    rows, columns = zip(*DOUBTED, strict=True)
    first = (min(columns) * PATCH - TILE["x0"] - 0.5, min(rows) * PATCH - TILE["y0"] - 0.5)
    last = (
        (max(columns) + 1) * PATCH - TILE["x0"] - 0.5,
        (max(rows) + 1) * PATCH - TILE["y0"] - 0.5,
    )
    assert found == pytest.approx([*easel.screen(first), *easel.screen(last)], abs=4)
