"""Every page in a real browser: no axe violation, no sideways scrolling, little JavaScript."""

import gzip
from pathlib import Path

import pytest
from allauth.account import urls as account_urls
from django.conf import settings
from django.test import Client
from django.urls import resolve
from playwright.sync_api import Browser, Page

from lamella.pages import urls as pages_urls
from lamella.pages import vite
from lamella.studies.models import StudyState
from tests.e2e.conftest import PATIENCE, People, axe
from tests.e2e.places import ERRORS, NO_PAGES, opened, places
from tests.factories import make_study
from tests.scene import Scene

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_every_route_is_a_page_that_is_looked_at_or_none(scene: Scene) -> None:
    routes = {pattern.name for pattern in (*pages_urls.urlpatterns, *account_urls.urlpatterns)}
    looked_at = {resolve(path).url_name for _, path in places(scene)}
    assert looked_at | NO_PAGES == routes
    assert not looked_at & NO_PAGES


@pytest.mark.timeout(300 * PATIENCE)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_wrong_with_any_page(scene: Scene, people: People, scheme: str) -> None:
    found: dict[str, list[str]] = {}
    pages: dict[str | None, Page] = {}
    make_study("Closed", slug="closed", state=StudyState.PAUSED, public=True)
    for person, path in [*places(scene), *ERRORS]:
        if person not in pages:
            pages[person] = people.page(person, color_scheme=scheme)
        page = pages[person]
        opened(page, path)
        if problems := axe(page):
            found[f"{person} {path}"] = problems
    people.faults.clear()  # the console reports what is not there
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


@pytest.mark.parametrize("coding", ["br", "gzip"])
def test_scripts_are_sent_small_and_kept_for_ever(browser: Browser, coding: str) -> None:
    entry = vite.entry("src/annotator/main.ts")
    assert entry is not None
    for address in (entry.script, *entry.styles):
        answer = Client().get(address, headers={"accept-encoding": coding})
        plain = Path(settings.FRONTEND_DIST) / address.removeprefix("/static/web/")
        assert "immutable" in answer["Cache-Control"]
        if plain.stat().st_size >= 512:
            assert answer["Content-Encoding"] == coding
            assert int(answer["Content-Length"]) < 0.6 * plain.stat().st_size


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
