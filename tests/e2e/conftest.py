"""A real server, a real browser, and people in it."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Browser, BrowserContext, Error, Page, expect, sync_playwright

from tests.factories import PASSWORD
from tests.scene import Scene, build

AXE = Path(__file__).parents[2] / "frontend" / "web" / "node_modules" / "axe-core" / "axe.min.js"

# Playwright's loop runs in the thread of the test; the database is used between its calls alone.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

# How much longer than usual to wait for a page, on a machine that is busy with other things.
PATIENCE = float(os.environ.get("LAMELLA_PATIENCE", "1"))
expect.set_options(timeout=5_000 * PATIENCE)

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def _missing(what: str) -> None:
    if os.environ.get("CI") == "true":
        pytest.fail(what)
    pytest.skip(what)


def _outdated(manifest: Path) -> bool:
    """Whether the front end was built of older sources: its tests would judge another page."""
    built = manifest.stat().st_mtime
    sources = (manifest.parents[1] / "src").rglob("*.*")
    return any(path.is_file() and path.stat().st_mtime > built for path in sources)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium: the system's, or Playwright's own."""
    manifest = Path(settings.FRONTEND_DIST) / "manifest.json"
    if not manifest.exists():
        _missing("The front end is not built; run “make web”.")
    if _outdated(manifest):
        pytest.fail("The front end was built of older sources; run “make web”.")
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        try:
            found = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        except Error as error:
            _missing(f"There is no browser: {error.message.splitlines()[0]}")
        yield found
        found.close()


@pytest.fixture
def scene(transactional_db: None) -> Scene:
    return build()


class People:
    """Browser contexts by person; every page fails its test on an error in the console."""

    def __init__(self, browser: Browser, address: str) -> None:
        self.browser = browser
        self.address = address
        self.contexts: list[BrowserContext] = []
        self.faults: list[str] = []

    def page(self, username: str | None = None, **options: Any) -> Page:
        """A fresh page, signed in as somebody or as nobody. Options are Playwright's."""
        options.setdefault("viewport", {"width": 1366, "height": 800})
        context = self.browser.new_context(base_url=self.address, **options)
        context.set_default_timeout(20_000 * PATIENCE)
        self.contexts.append(context)
        page = context.new_page()
        if username is not None:
            page.goto("/accounts/login/")
            page.fill("#id_login", username)
            page.fill("#id_password", PASSWORD)
            page.click("main button.primary")
            page.wait_for_url("**/")
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on(
            "console",
            lambda message: self.faults.append(message.text) if message.type == "error" else None,
        )
        return page

    def close(self) -> None:
        for context in self.contexts:
            context.close()


@pytest.fixture
def people(browser: Browser, live_server: Any) -> Iterator[People]:
    found = People(browser, live_server.url)
    yield found
    found.close()
    assert found.faults == []


def axe(page: Page) -> list[str]:
    """What axe finds wrong with the page, a line each."""
    # The policy forbids inline scripts to pages, not to the debugger that this goes through.
    page.evaluate(AXE.read_text())
    found = page.evaluate(
        """async () => (await axe.run(document, {
            runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
        })).violations.map((v) =>
            `${v.id}: ${v.help}: ${v.nodes.map((n) => n.target.join(" ")).slice(0, 4).join(" | ")}`)
        """
    )
    return list(found)
