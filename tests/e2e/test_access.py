"""The correction page for everybody: all of its states under axe, large targets, keys."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import People, axe
from tests.e2e.easel import Easel, lay_out

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LAPTOP: dict[str, Any] = {}
PHONE: dict[str, Any] = {
    "viewport": {"width": 360, "height": 740},
    "has_touch": True,
    "is_mobile": True,
}

# What can be pressed and is smaller than `least` CSS pixels a side, with name and size. A target
# counts with the label that presses it too; links within sentences are as high as their lines.
SMALL = """(least) => {
    const shown = (e) => e.checkVisibility({ visibilityProperty: true });
    const found = [];
    const kinds = "button, a[href], input, select, textarea, summary";
    for (const e of document.querySelectorAll(kinds)) {
        if (!shown(e) || e.closest(".visually-hidden, .skip-link, .prose")) continue;
        let { width, height } = (e.closest("label") ?? e).getBoundingClientRect();
        if (Math.min(width, height) + 0.5 >= least) continue;
        const name = e.ariaLabel ?? e.textContent.trim();
        found.push(`${name}: ${Math.round(width)} x ${Math.round(height)}`);
    }
    return found;
}"""

# Controls of the bars that lie over one another.
OVERLAPS = """() => {
    const kinds = "footer :is(button, .value, input), header :is(button, a, p)";
    const found = [];
    const all = [...document.querySelectorAll(kinds)]
        .filter((e) => e.checkVisibility() && !e.closest(".view"))
        .map((e) => [e, e.getBoundingClientRect()]);
    const name = (e) => e.ariaLabel ?? e.textContent.trim();
    for (const [i, [a, p]] of all.entries()) {
        for (const [b, q] of all.slice(i + 1)) {
            const across = Math.min(p.right, q.right) - Math.max(p.left, q.left);
            const down = Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top);
            if (across > 1 && down > 1 && !a.contains(b)) found.push(`${name(a)} / ${name(b)}`);
        }
    }
    return found;
}"""


def presses(page: Page, *keys: str) -> Callable[[], None]:
    def press() -> None:
        for key in keys:
            page.keyboard.press(key)

    return press


def clicks(page: Page, name: str, *keys: str) -> Callable[[], None]:
    """First the keys, then the button of this name."""

    def click() -> None:
        presses(page, *keys)()
        page.get_by_role("button", name=name).click()

    return click


def states(page: Page) -> list[tuple[str, Callable[[], None]]]:
    """(name, how one comes there from the one before) of what the page can look like."""
    return [
        ("consent", presses(page)),
        ("first steps", clicks(page, "I agree, start")),
        ("work", clicks(page, "Skip")),
        ("menu", clicks(page, "Menu")),
        ("help", presses(page, "Escape", "?")),
        ("comment", clicks(page, "Comment", "Escape")),
        ("beside one's own slice", presses(page, "Escape", "0", "f")),
        ("with a stroke", presses(page, "d", "Enter")),
    ]


@pytest.mark.parametrize("device", [LAPTOP, PHONE], ids=["laptop", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_wrong_whatever_is_open(
    transactional_db: None, people: People, device: dict[str, Any], scheme: str
) -> None:
    desk = lay_out(np.zeros((3, 96, 128), np.uint8), tutorial="# Cells\n\nMark each.")
    page = people.page("alice", color_scheme=scheme, **device)
    page.goto(desk.address)
    page.get_by_role("button", name="I agree, start").wait_for()
    found = {}
    for name, go in states(page):
        go()
        page.wait_for_timeout(250)
        if problems := axe(page):
            found[name] = problems
    if device is PHONE:
        page.get_by_role("button", name="About this slice").click()
        page.wait_for_timeout(400)
        if problems := axe(page):
            found["panel"] = problems
    assert not found


@pytest.mark.parametrize(("device", "least"), [(LAPTOP, 24), (PHONE, 44)], ids=["24", "44"])
def test_every_target_is_large_enough_for_the_hand(
    transactional_db: None, people: People, device: dict[str, Any], least: int
) -> None:
    desk = lay_out(np.zeros((3, 96, 128), np.uint8), tutorial="# Cells\n\nMark each.")
    page = people.page("alice", **device)
    page.goto(desk.address)
    page.get_by_role("button", name="I agree, start").wait_for()
    found = {}
    for name, go in states(page):
        go()
        page.wait_for_timeout(250)
        if small := page.evaluate(SMALL, least):
            found[name] = small
    assert not found


def test_nothing_lies_over_another_control_on_the_smallest_phone(
    transactional_db: None, people: People
) -> None:
    desk = lay_out(np.zeros((7, 96, 128), np.uint8))
    page = people.page("alice", **PHONE)
    Easel.first(page, desk)
    assert page.evaluate(OVERLAPS) == []


def test_single_letter_keys_are_switched_off_and_stay_off(
    transactional_db: None, people: People
) -> None:
    desk = lay_out(np.zeros((3, 96, 128), np.uint8))
    page = people.page("alice")
    Easel.first(page, desk)
    page.keyboard.press("?")
    page.get_by_label("Single-letter keys").uncheck()
    page.get_by_role("button", name="Close").click()
    page.reload()
    easel = Easel(page, desk.proposed.shape)
    easel.ready()
    page.keyboard.press("e")
    eraser = page.get_by_role("button", name="Eraser")
    expect(eraser).to_have_attribute("aria-pressed", "false")
    # What needs no letter goes on: drawing by arrows and Enter, and back.
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Undo")).to_be_enabled()
    page.keyboard.press("Control+z")
    expect(page.get_by_role("button", name="Undo")).to_be_disabled()
    page.get_by_role("button", name="Keys and help").click()
    page.get_by_label("Single-letter keys").check()
    page.get_by_role("button", name="Close").click()
    # As long as the window is open, keys are its own.
    expect(page.locator("dialog")).to_have_count(0)
    page.keyboard.press("e")
    expect(eraser).to_have_attribute("aria-pressed", "true")
