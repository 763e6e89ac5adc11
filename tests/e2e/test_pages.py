"""Every page in a real browser: no axe violation, no sideways scrolling, little JavaScript."""

import gzip
from pathlib import Path

import pytest
from django.conf import settings
from playwright.sync_api import Page

from lamella.pages import vite
from tests.e2e.conftest import People, axe
from tests.e2e.places import opened, places
from tests.scene import Scene

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_wrong_with_any_page(scene: Scene, people: People, scheme: str) -> None:
    found: dict[str, list[str]] = {}
    pages: dict[str | None, Page] = {}
    for person, path in places(scene):
        if person not in pages:
            pages[person] = people.page(person, color_scheme=scheme)
        page = pages[person]
        opened(page, path)
        if problems := axe(page):
            found[f"{person} {path}"] = problems
    assert not found, "\n".join(f"{place}: {line}" for place in found for line in found[place])


@pytest.mark.parametrize("width", [360, 2560])
def test_no_page_scrolls_sideways(scene: Scene, people: People, width: int) -> None:
    found = []
    pages: dict[str | None, Page] = {}
    for person, path in places(scene):
        if person not in pages:
            pages[person] = people.page(person, viewport={"width": width, "height": 740})
        page = pages[person]
        opened(page, path)
        root = "document.documentElement"
        if page.evaluate(f"{root}.scrollWidth > {root}.clientWidth"):
            found.append(f"{person} {path}")
    assert found == []


def test_no_page_needs_more_than_ninety_kilobytes_of_javascript(people: People) -> None:
    for name in ("pages", "dashboard", "review", "explorer", "training", "upload", "annotator"):
        entry = vite.entry(f"src/{name}/main.ts")
        assert entry is not None
        files = {entry.script, *entry.preloads}
        size = 0
        for address in files:
            path = Path(settings.FRONTEND_DIST) / address.removeprefix("/static/web/")
            size += len(gzip.compress(path.read_bytes(), 9))
        assert size <= 90_000, f"{name}: {size} bytes"
