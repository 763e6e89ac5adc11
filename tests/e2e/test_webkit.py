"""Drawing and lost work in WebKit, which is what tablets of one maker run: GTK's, by WebDriver."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.webkitgtk.service import Service

from lamella.annotation.models import Correction
from tests.e2e.conftest import PATIENCE
from tests.e2e.easel import MARGIN, Desk, Spot, drawn, lay_out, newest
from tests.factories import PASSWORD
from tests.processes import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# Corrections do not get through, as without a network; everything else does.
CUT = """
    window.whole ??= window.fetch;
    window.fetch = (url, init) => String(url).includes("/corrections")
        ? Promise.reject(new TypeError("no network")) : window.whole(url, init);
"""


class Tablet:
    """Alice's WebKit, at a study of small slices."""

    def __init__(self, driver: webdriver.WebKitGTK, address: str, desk: Desk) -> None:
        self.driver = driver
        self.address = address
        self.desk = desk

    def sign_in(self) -> None:
        self.driver.get(f"{self.address}/accounts/login/")
        for field, value in (("id_login", "alice"), ("id_password", PASSWORD)):
            self.find("id", field).send_keys(value)
        self.find("css selector", "main button.primary").click()
        self.until(lambda: "login" not in self.driver.current_url, "signed in")

    def begin(self) -> None:
        self.driver.get(self.address + self.desk.address)
        self.button("I agree, start").click()
        self.button("Skip").click()
        self.ready()

    def ready(self) -> None:
        self.find("css selector", '.pane[data-complete="true"]')

    def find(self, by: str, what: str) -> WebElement:
        found: list[WebElement] = []

        def there() -> bool:
            found[:] = [e for e in self.driver.find_elements(by, what) if e.is_displayed()]
            return bool(found)

        self.until(there, what)
        return found[0]

    def button(self, name: str) -> WebElement:
        return self.find(By.XPATH, f'//button[normalize-space()="{name}" or @aria-label="{name}"]')

    def until(self, condition: Callable[[], bool], what: str) -> None:
        wait_until(condition, seconds=20 * PATIENCE, what=what)

    def stroke(self, start: Spot, end: Spot) -> None:
        """Draws with the mouse between two pixels (x, y) of the slice."""
        canvas = self.find("css selector", '[role="application"]')
        size = canvas.size
        height, width = self.desk.proposed.shape[-2:]
        scale = min((size["width"] - 2 * MARGIN) / width, (size["height"] - 2 * MARGIN) / height)

        def offset(spot: Spot) -> tuple[int, int]:
            # Of the middle of the canvas, as WebDriver counts.
            return (
                round((spot[0] + 0.5 - width / 2) * scale),
                round((spot[1] + 0.5 - height / 2) * scale),
            )

        hand = ActionChains(self.driver)
        hand.move_to_element_with_offset(canvas, *offset(start)).click_and_hold()
        hand.move_to_element_with_offset(canvas, *offset(end)).release().perform()

    def hand_in(self) -> None:
        self.find(By.CSS_SELECTOR, "button.submit").click()


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    """A screen that nobody looks at: WebKit has no mode without one."""
    for command, package in (("WebKitWebDriver", "webkit2gtk-driver"), ("Xvfb", "xvfb")):
        if shutil.which(command) is None:
            pytest.skip(f"There is no {command}: install {package}.")
    told, tells = os.pipe()
    start = ["Xvfb", "-displayfd", str(tells), "-screen", "0", "1366x900x24", "-nolisten", "tcp"]
    with subprocess.Popen(start, pass_fds=[tells], stderr=subprocess.DEVNULL) as server:
        os.close(tells)
        with os.fdopen(told) as pipe:
            number = pipe.readline().strip()
        try:
            yield f":{number}"
        finally:
            server.terminate()


@pytest.fixture
def tablet(transactional_db: None, live_server: Any, display: str) -> Iterator[Tablet]:
    service = Service(env={**os.environ, "DISPLAY": display})
    try:
        driver = webdriver.WebKitGTK(service=service)
    except WebDriverException as error:
        pytest.skip(f"WebKit does not start: {error.msg}")
    disc = np.zeros((3, 96, 128), np.uint8)
    disc[:, 36:60, 52:76] = 1
    try:
        found = Tablet(driver, live_server.url, lay_out(disc))
        found.sign_in()
        found.begin()
        yield found
    finally:
        driver.quit()


def test_what_is_drawn_in_webkit_is_what_is_stored(tablet: Tablet) -> None:
    tablet.stroke((10, 10), (40, 10))
    tablet.button("Eraser").click()
    tablet.stroke((50, 48), (78, 48))
    tablet.hand_in()
    correction = newest(0)
    mask = drawn(correction)
    assert correction.strokes == 2
    assert mask[10, 25] == 1
    assert mask[48, 64] == 0
    assert (mask[60:] == tablet.desk.proposed[0, 60:]).all()


def test_strokes_are_there_after_a_reload_in_webkit(tablet: Tablet) -> None:
    tablet.stroke((10, 10), (40, 10))
    tablet.until(lambda: tablet.find("css selector", ".saved").text == "Saved", "kept")
    tablet.driver.refresh()
    tablet.ready()
    tablet.hand_in()
    correction = newest(0)
    assert correction.strokes == 1
    assert drawn(correction)[10, 25] == 1


def test_what_could_not_be_sent_in_webkit_is_sent_once_after_a_reload(tablet: Tablet) -> None:
    tablet.stroke((10, 10), (40, 10))
    tablet.driver.execute_script(CUT)
    tablet.hand_in()
    tablet.find(By.XPATH, '//h1[.="Your slice is safe on this device"]')
    assert not Correction.objects.exists()
    tablet.driver.refresh()
    correction = newest(0)
    assert drawn(correction)[10, 25] == 1
    tablet.ready()
    assert Correction.objects.count() == 1
