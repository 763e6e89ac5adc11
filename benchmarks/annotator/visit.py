"""A visit to the page by a scripted hand, and what the probe in it has seen."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import (
    Browser,
    CDPSession,
    Page,
    ViewportSize,
    sync_playwright,
)

from benchmarks.annotator.place import PERSON, SLUGS, Place
from benchmarks.annotator.script import BRUSH, Script, Spot

PROBE = (Path(__file__).parent / "probe.js").read_text()
VIEWPORT: ViewportSize = {"width": 1366, "height": 800}
PATIENCE = 300_000
"""Milliseconds: a busy machine is to be measured too, however badly."""
MARGIN = 12
LATENCY = 40
FLIPS = 24
UNDOS = 6
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
SETTINGS = json.dumps(
    {"size": BRUSH, "hinted": True, "consent": dict.fromkeys(SLUGS.values(), "1")}
)

# Bytes of each stroke in the journal that the page keeps on disk.
JOURNAL = """async () => {
    const database = await new Promise((resolve) => {
        const request = indexedDB.open("lamella");
        request.onsuccess = () => resolve(request.result);
    });
    return await new Promise((resolve) => {
        const request = database.transaction("journal").objectStore("journal").getAll();
        request.onsuccess = () => resolve(request.result
            .filter((line) => line.entry.tool === "brush").map((line) => line.entry.patch.length));
    });
}"""


@dataclass
class Seen:
    """Milliseconds unless named otherwise.

    handlers: of a pointer's moves; draws: of frames drawn; late: share of frames in a stroke that
    came more than half a frame late; ends, undos: of whole strokes; lassos, fills: of their ends;
    flips: from the key until the slice was drawn, shown: until the second frame after it, idle: the
    same of a key that does nothing; seal: coding the mask; visible, server: of the first load;
    patches: bytes of a stroke's undo.
    """

    handlers: list[float] = field(default_factory=list)
    draws: list[float] = field(default_factory=list)
    late: float = 0.0
    ends: list[float] = field(default_factory=list)
    undos: list[float] = field(default_factory=list)
    lassos: list[float] = field(default_factory=list)
    fills: list[float] = field(default_factory=list)
    flips: list[float] = field(default_factory=list)
    shown: list[float] = field(default_factory=list)
    idle: list[float] = field(default_factory=list)
    seal: list[float] = field(default_factory=list)
    visible: float = 0.0
    server: float = 0.0
    patches: list[int] = field(default_factory=list)


@contextmanager
def chromium() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield browser
        browser.close()


def visit(browser: Browser, place: Place, script: Script, *, slowdown: int) -> Seen:
    """Loads the page with an empty cache, works on its slice and hands it in.

    slowdown: of the processor; above 1 the network has 20 Mbit/s and 40 ms too.
    """
    context = browser.new_context(base_url=place.address, viewport=VIEWPORT)
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    _sign_in(page)
    remembered = f"localStorage.setItem('lamella.annotator', '{SETTINGS}')"
    context.add_init_script(f"if (location.protocol === 'http:') {remembered}")
    context.add_init_script(PROBE)
    page = context.new_page()
    cdp = context.new_cdp_session(page)
    cdp.send("Network.enable")
    cdp.send("Network.clearBrowserCache")
    if slowdown > 1:
        cdp.send("Emulation.setCPUThrottlingRate", {"rate": slowdown})
        speed = 20e6 / 8
        limits = {"offline": False, "latency": LATENCY, "downloadThroughput": speed}
        cdp.send("Network.emulateNetworkConditions", {**limits, "uploadThroughput": speed})
    seen = Seen()
    page.goto(place.path(script.side))
    seen.visible = _visible(page)
    seen.server = _server(page, latency=LATENCY if slowdown > 1 else 0)
    Hand(page, cdp, script.side).work(script, seen)
    page.keyboard.press("Control+Enter")
    while not seen.seal:
        page.wait_for_timeout(200)
        jobs = page.evaluate("__probe.jobs")
        seen.seal = [job["ms"] for job in jobs if job["name"] == "seal"]
    page.locator('.app:not([data-phase="loading"])').wait_for()
    context.close()
    return seen


def _visible(page: Page) -> float:
    """When the slice was there. Seldom asked: each question takes time that it asks about."""
    for _ in range(PATIENCE // 1500):
        page.wait_for_timeout(1500)
        found = page.evaluate("__probe.visible")
        if found is not None:
            return float(found)
    raise RuntimeError("The slice never came.")


class Hand:
    """A mouse on a page whose slice is fitted to the canvas."""

    def __init__(self, page: Page, cdp: CDPSession, side: int) -> None:
        self.page = page
        self.cdp = cdp
        self.side = side
        box = page.get_by_role("application").bounding_box()
        assert box is not None
        self.scale = min((box["width"] - 2 * MARGIN), (box["height"] - 2 * MARGIN)) / side
        self.middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)

    def work(self, script: Script, seen: Seen) -> None:
        found = [self._recorded(lambda path=path: self._draw(path)) for path in script.strokes]
        for record in found:
            seen.handlers += _handlers(record, "pointermove")
            seen.ends += _handlers(record, "pointerup")
            seen.draws += record["draws"]
        gaps = [b - a for r in found for a, b in zip(r["frames"], r["frames"][1:], strict=False)]
        seen.late = sum(gap > 25 for gap in gaps) / max(1, len(gaps))
        seen.patches = self.page.evaluate(JOURNAL)
        for key in ["Control+z"] * UNDOS + ["Control+Shift+z"] * UNDOS:
            record = self._recorded(lambda key=key: self.page.keyboard.press(key))
            seen.undos += [max(_handlers(record, "keydown"))]
        self.page.keyboard.press("l")
        for path in script.lassos:
            record = self._recorded(lambda path=path: self._draw(path))
            seen.lassos += _handlers(record, "pointerup")
        self.page.keyboard.press("g")
        self.page.get_by_role("button", name="Take away instead of adding").click()
        for spot in script.fills:
            record = self._recorded(lambda spot=spot: self._draw([spot]))
            seen.fills += _handlers(record, "pointerup")
        self._flip()
        found = self.page.evaluate("__probe")
        if None in found["flips"]:
            raise RuntimeError("A slice that was flipped to was not drawn.")
        seen.flips, seen.shown, seen.idle = (found[name] for name in ("flips", "shown", "idle"))

    def _flip(self) -> None:
        """First until every slice is there; then what counts, and a key that does nothing."""
        for number in range(2 * FLIPS):
            if number == FLIPS:
                self.page.wait_for_timeout(1500)
                self.page.evaluate("__probe.flips.length = __probe.shown.length = 0")
            self.page.keyboard.press("fddf"[number % 4])
            self.page.wait_for_timeout(120)
        for _ in range(FLIPS):
            self.page.keyboard.press("F9")
            self.page.wait_for_timeout(120)

    def _recorded(self, act: Any) -> dict[str, Any]:
        self.page.evaluate(
            "Object.assign(__probe, {handlers: [], draws: [], frames: [], recording: true})"
        )
        act()
        self.page.wait_for_timeout(60)
        record: dict[str, Any] = self.page.evaluate(
            "(() => { __probe.recording = false; const { handlers, draws, frames } = __probe;"
            " return { handlers, draws, frames }; })()"
        )
        return record

    def _draw(self, path: list[Spot]) -> None:
        places = [self._screen(spot) for spot in path]
        down = {"button": "left", "buttons": 1, "clickCount": 1}
        self._send("mouseMoved", places[0])
        self._send("mousePressed", places[0], **down)
        for place in places[1:]:
            self._send("mouseMoved", place, **down)
        self._send("mouseReleased", places[-1], button="left", clickCount=1)

    def _send(self, kind: str, place: Spot, **more: Any) -> None:
        event = {"type": kind, "x": place[0], "y": place[1], "pointerType": "mouse", **more}
        self.cdp.send("Input.dispatchMouseEvent", event)

    def _screen(self, spot: Spot) -> Spot:
        x = self.middle[0] + (spot[0] - self.side / 2) * self.scale
        y = self.middle[1] + (spot[1] - self.side / 2) * self.scale
        return x, y


def _handlers(record: dict[str, Any], kind: str) -> list[float]:
    return [entry["ms"] for entry in record["handlers"] if entry["type"] == kind]


def _sign_in(page: Page) -> None:
    from tests.factories import PASSWORD

    page.goto("/accounts/login/")
    page.fill("#id_login", PERSON)
    page.fill("#id_password", PASSWORD)
    page.click("main button.primary")
    page.wait_for_url("**/")


def _server(page: Page, *, latency: float) -> float:
    """How long the server thought, on the way from the page to its first tiles."""
    waits = """(latency) => {
        const thought = (entry) => Math.max(0, entry.responseStart - entry.requestStart - latency);
        const [page] = performance.getEntriesByType("navigation");
        const of = (part) => performance.getEntriesByType("resource")
            .filter((entry) => entry.name.includes(part) && entry.responseEnd <= __probe.visible)
            .map((entry) => thought(entry));
        const most = (part) => Math.max(0, ...of(part));
        return thought(page) + most("/next")
            + most("/proposal") + most("/tiles/");
    }"""
    return float(page.evaluate(waits, latency))
