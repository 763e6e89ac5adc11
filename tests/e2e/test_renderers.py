"""The graphics card's renderer and the plain one draw the same: chance makes the scenes.

Some colours differ by rounding: the card rounds between the image and the marks on it, and mixes
neighbours of a smoothed image in coarse steps. Pixels that a border runs through are left out,
where the card's shorter numbers may fall on its other side.
"""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

WEB = Path(__file__).parents[2] / "frontend" / "web"
SCENES = 150

pytestmark = pytest.mark.browser


@pytest.fixture
def blank(browser: Browser) -> Iterator[Page]:
    """A page with nothing on it but both renderers."""
    command = ["node", "scripts/bundle.mjs", "tests/browser/renderers.ts"]
    script = subprocess.run(command, cwd=WEB, check=True, capture_output=True, text=True).stdout
    page = browser.new_page()
    page.add_script_tag(content=script)
    yield page
    page.close()


def test_both_renderers_draw_the_same_pixels(blank: Page) -> None:
    found: list[dict[str, Any]] = [
        blank.evaluate("(seed) => bundled.compare(seed)", seed) for seed in range(SCENES)
    ]
    kinds = ("whole", "part", "flipped")
    assert [one for one in found if max(one[kind] for kind in kinds) > one["allowed"]] == []
    # Blank canvases, or hardly any pixel compared, would agree too.
    assert sum(one["colours"] > 6 for one in found) > 0.8 * SCENES
    assert sum(one["unsure"] for one in found) / SCENES < 0.1
