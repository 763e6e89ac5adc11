"""Dana reviews, by keyboard alone."""

from collections.abc import Collection

import pytest
from playwright.sync_api import Page, expect

from lamella.consensus.models import Consensus, Verdict
from lamella.rounds.models import Task
from tests import factories as make
from tests.e2e.conftest import People
from tests.scene import Scene

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def opened(people: People) -> Page:
    page = people.page("dana")
    page.goto("/studies/liver-3/review/")
    expect(page.locator(".viewer")).to_have_attribute("data-layer", "consensus")
    page.wait_for_load_state("networkidle")
    return page


def waiting(page: Page) -> int:
    return page.locator("aside ol > li > button img").count()


def pixels_other_than(page: Page, seen: Collection[str]) -> str:
    """A fingerprint of what the viewer shows, once it is none of those seen."""
    for _ in range(100):
        found: str = page.evaluate("document.querySelector('.viewer canvas').toDataURL()")
        if found not in seen:
            return found
        page.wait_for_timeout(100)
    raise AssertionError("The viewer still shows what it showed before.")


def test_one_key_each_shows_image_proposal_corrections_consensus_and_disagreement(
    scene: Scene, people: People
) -> None:
    page = opened(people)
    seen: set[str] = set()
    for key, layer in (
        ("1", "image"),
        ("2", "proposal"),
        ("3", "correction"),
        ("4", "consensus"),
        ("5", "disagreement"),
    ):
        page.keyboard.press(key)
        expect(page.locator(".viewer")).to_have_attribute("data-layer", layer)
        seen.add(pixels_other_than(page, seen))
    page.keyboard.press("3")
    expect(page.get_by_role("button", name="1 of 3")).to_be_visible()
    page.keyboard.press("3")
    expect(page.get_by_role("button", name="2 of 3")).to_be_visible()
    seen.add(pixels_other_than(page, seen))


def test_accepting_moves_on_and_can_be_taken_back(scene: Scene, people: People) -> None:
    page = opened(people)
    before = waiting(page)
    title = page.locator("aside h2").inner_text()
    page.keyboard.press("a")
    expect(page.get_by_role("status").filter(has_text="accepted")).to_be_visible()
    expect(page.locator("aside ol > li > button img")).to_have_count(before - 1)
    assert page.locator("aside h2").inner_text() != title
    page.keyboard.press("z")
    expect(page.locator("aside ol > li > button img")).to_have_count(before)
    expect(page.locator("aside h2")).to_have_text(title)
    assert Verdict.objects.filter(undone__isnull=False).count() == 1


def test_a_word_goes_back_to_the_volunteers(scene: Scene, people: People) -> None:
    page = opened(people)
    page.keyboard.press("j")
    page.keyboard.press("k")
    page.keyboard.press("r")
    page.get_by_label("A word to them").fill("The rim belongs to the body.")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="sent back")).to_be_visible()
    assert Task.objects.filter(note="The rim belongs to the body.", state="open").count() == 1


def test_a_mask_is_fixed_in_place(scene: Scene, people: People) -> None:
    page = opened(people)
    page.keyboard.press("f")
    canvas = page.get_by_role("application")
    expect(canvas).to_have_attribute("aria-busy", "false")
    box = canvas.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 90, y + 30, steps=6)
    page.mouse.up()
    expect(page.get_by_role("button", name="Undo")).to_be_enabled()
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("status").filter(has_text="fixed")).to_be_visible()
    fixed = Consensus.objects.get(fixed_by=scene.dana, current=True)
    assert fixed.task.state == Task.State.ACCEPTED
    replaced = Verdict.objects.get(result=fixed).consensus
    assert fixed.mask_hash != replaced.mask_hash


def test_the_safe_ones_are_accepted_after_saying_how_many(scene: Scene, people: People) -> None:
    page = opened(people)
    before = waiting(page)
    page.get_by_role("button", name="Accept the safe ones").click()
    expect(page.get_by_text("2 tasks qualify")).to_be_visible()
    expect(page.get_by_text("The least sure one is expected to be wrong in 3.0")).to_be_visible()
    slider = page.get_by_label("Expected error at most")
    for _ in range(2):
        slider.press("ArrowRight")
    expect(page.get_by_text("3 tasks qualify")).to_be_visible()
    page.get_by_role("button", name="Accept 3").click()
    expect(page.get_by_text("3 tasks are accepted")).to_be_visible()
    page.get_by_role("button", name="Take them back").click()
    expect(page.get_by_text("3 verdicts are taken back")).to_be_visible()
    page.get_by_role("button", name="Done").click()
    expect(page.locator("aside ol > li > button img")).to_have_count(before)


def test_after_a_bulk_accept_a_key_leads_to_the_verdicts(scene: Scene, people: People) -> None:
    page = opened(people)
    page.keyboard.press("b")
    expect(page.get_by_text("2 tasks qualify")).to_be_visible()
    page.keyboard.press("t")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.get_by_role("button", name="Accept 2").click()
    expect(page.get_by_text("2 tasks are accepted")).to_be_visible()
    page.keyboard.press("z")
    expect(page.get_by_text("2 verdicts are taken back")).to_be_visible()
    page.keyboard.press("t")
    page.wait_for_url("**/review/trail/")
    expect(page.get_by_role("heading", name="Verdicts")).to_be_visible()


def test_the_address_narrows_the_queue_to_a_cube(scene: Scene, people: People) -> None:
    other = make.make_cube(scene.study, "block 2")
    page = people.page("dana")
    for cube in (scene.cube, other):
        page.goto(f"/studies/liver-3/review/?cube={cube.pk}")
        expect(page.locator("#review-filters select").nth(1)).to_have_value(str(cube.pk))
        if cube == other:
            expect(page.get_by_role("heading", name="Nothing of this kind")).to_be_visible()
        else:
            expect(page.locator(".viewer")).to_have_attribute("data-layer", "consensus")


def test_an_empty_queue_says_what_it_waits_for(scene: Scene, people: People) -> None:
    Task.objects.filter(state=Task.State.RETIRED).update(state=Task.State.ACCEPTED)
    page = people.page("dana")
    page.goto("/studies/liver-3/review/")
    expect(page.get_by_role("heading", name="Nothing waits for review")).to_be_visible()
