"""The main pages in the pseudo-locales: all of their text is translated, fits, and is mirrored."""

import re

import pytest
from playwright.sync_api import Page, expect

from lamella.jobs.kinds import QUEUES
from tests.e2e.conftest import People
from tests.e2e.places import Place, opened, places
from tests.scene import GUIDE, Scene

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

ACCENTED, MIRRORED = "en-xa", "ar-xb"

NOWHERE: Place = (None, "/nowhere/")

# Names, and words that are the same in every language.
NAMES = (
    "alice bob charlie dana root Liver 3 block 1 lipid droplet Lamella napari Dice ClaSP PE "
    "English Deutsch"
)
SAME = "xy xz yz nm min AM PM CC BY TIFF OME Zarr Ctrl Shift Enter Pseudo right to left GPU"
# Queues are called what workers are started with.
SETTINGS = " ".join(QUEUES) + " bfloat float"
COMMENT = "The rim is hard to see on the left."


def words(text: str) -> set[str]:
    """Words in plain letters; pseudonyms of volunteers are none."""
    return set(re.findall(r"[A-Za-z]{2,}", re.sub(r"\b[0-9a-f]{8}\b", "", text)))


# Every text that somebody can read or hear: of elements that are shown, and of their attributes.
READ = """() => {
    const found = [];
    const skipped = "code, pre, kbd, script, style, noscript, .mono, [data-chart]";
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        if (!node.parentElement.closest(skipped)) found.push(node.textContent);
    }
    for (const name of ["aria-label", "alt", "title", "placeholder"]) {
        for (const element of document.querySelectorAll(`body [${name}]`)) {
            found.push(element.getAttribute(name));
        }
    }
    found.push(document.title);
    return found.map((text) => text.trim()).filter(Boolean);
}"""


def speak(page: Page, people: People, language: str) -> None:
    page.context.add_cookies(
        [{"name": "django_language", "value": language, "url": people.address}]
    )


def left_in_english(page: Page, own: set[str]) -> list[str]:
    """Texts with a word in plain letters that is not somebody's own."""
    return [text for text in page.evaluate(READ) if words(text) - own]


def test_nothing_is_left_in_english(scene: Scene, people: People) -> None:
    study = scene.study
    own = words(
        f"{NAMES} {SAME} {SETTINGS} {COMMENT} {GUIDE} {study.question} {study.consent_text}"
    )
    found = []
    pages: dict[str | None, Page] = {}
    for person, path in [*places(scene), NOWHERE]:
        if person not in pages:
            pages[person] = people.page(person)
            speak(pages[person], people, ACCENTED)
        opened(pages[person], path)
        found += [f"{person} {path}: {text}" for text in left_in_english(pages[person], own)]
    people.faults.clear()  # the page that is not there answers 404, which the console reports
    assert not found, "\n".join(found)


@pytest.mark.parametrize("language", [ACCENTED, MIRRORED])
def test_longer_texts_fit_a_phone(scene: Scene, people: People, language: str) -> None:
    found = []
    pages: dict[str | None, Page] = {}
    for person, path in [*places(scene), NOWHERE]:
        if person not in pages:
            pages[person] = people.page(person, viewport={"width": 390, "height": 844})
            speak(pages[person], people, language)
        opened(pages[person], path)
        root = "document.documentElement"
        if pages[person].evaluate(f"{root}.scrollWidth > {root}.clientWidth"):
            found.append(f"{person} {path}")
    people.faults.clear()
    assert found == []


def centre(page: Page, selector: str) -> float:
    box = page.locator(selector).first.bounding_box()
    assert box is not None, selector
    return box["x"] + box["width"] / 2


def test_pages_are_mirrored_where_people_read_from_the_right(scene: Scene, people: People) -> None:
    page = people.page("alice")
    middle = 1366 / 2
    opened(page, "/")
    assert centre(page, ".topbar .brand") < middle < centre(page, ".topbar .end")
    speak(page, people, MIRRORED)
    opened(page, "/")
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    assert centre(page, ".topbar .end") < middle < centre(page, ".topbar .brand")
    assert centre(page, ".hero-slice") < centre(page, ".hero-words")


def test_the_correction_page_is_mirrored_and_paints_where_the_pointer_is(
    scene: Scene, people: People
) -> None:
    page = people.page("alice")
    speak(page, people, MIRRORED)
    page.goto("/studies/liver-3/correct/")
    page.locator("dialog .button.primary").click()
    expect(page.locator(".pane")).to_have_attribute("data-complete", "true")
    pane = page.get_by_role("application").bounding_box()
    assert pane is not None
    # The tools stand where the lines begin.
    assert centre(page, ".rail") > pane["x"] + pane["width"] / 2
    x, y = pane["x"] + pane["width"] * 0.4, pane["y"] + pane["height"] * 0.5
    page.mouse.move(x, y)
    ring = page.locator(".ring")
    expect(ring).to_be_visible()
    box = ring.bounding_box()
    assert box is not None
    assert abs(box["x"] + box["width"] / 2 - x) < 2
    assert abs(box["y"] + box["height"] / 2 - y) < 2


def test_a_volunteer_changes_the_language_at_the_end_of_a_page(
    scene: Scene, people: People
) -> None:
    page = people.page("alice")
    page.goto("/profile/")
    page.get_by_label("Language").select_option("de")
    page.locator("form.language button").click()
    expect(page.get_by_role("heading", name="Deine Korrekturen")).to_be_visible()
    page.goto("/studies/liver-3/correct/")
    expect(page.get_by_role("button", name="Einverstanden, los geht’s")).to_be_visible()
