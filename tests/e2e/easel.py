"""The correction page in somebody's hands: where a pixel of the slice lies, and what is stored."""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import CDPSession, Page, expect

from lamella.accounts.models import User
from lamella.annotation.models import Correction
from lamella.annotation.services import mask_of
from lamella.studies.models import Study
from tests import factories as make
from tests.e2e.conftest import PATIENCE
from tests.processes import wait_until

Spot = tuple[float, float]
Hand = Literal["mouse", "pen", "touch"]

HEIGHT, WIDTH = 96, 128
"""Of a drawn slice, in pixels."""
MARGIN = 12
"""CSS pixels around a slice that is fitted to the canvas."""


def discs(*found: tuple[int, int, int, int], dtype: Any = np.uint8) -> NDArray[Any]:
    """One slice of discs, each (x, y, radius, label)."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    labels = np.zeros((HEIGHT, WIDTH), dtype)
    for cx, cy, radius, label in found:
        labels[(x - cx) ** 2 + (y - cy) ** 2 <= radius**2] = label
    return labels


def stack(plane: NDArray[Any], depth: int = 3) -> NDArray[Any]:
    return np.stack([plane] * depth)


@dataclass
class Desk:
    """A study with a task for each slice of a small cube."""

    alice: User
    dana: User
    study: Study
    proposed: NDArray[Any]

    @property
    def address(self) -> str:
        return f"/studies/{self.study.slug}/correct/"


def lay_out(proposed: NDArray[Any], **study: Any) -> Desk:
    """``proposed``: (Z, Y, X) labels; a task for every slice, the first slice first."""
    alice, dana = make.make_user("alice"), make.make_user("dana")
    study.setdefault("label_dtype", str(proposed.dtype))
    made = make.make_study("Cells", alice=alice, dana=dana, redundancy=1, **study)
    noise = np.random.default_rng(1).integers(60, 120, proposed.shape)
    image = np.where(proposed > 0, noise, noise + 100).astype(np.uint8)
    cube = make.make_cube(made, "block", voxels=image)
    proposal = make.make_proposal(cube, labels=proposed)
    opened = make.make_round(made)
    for z in range(len(proposed)):
        make.make_task(cube, opened, z=z, proposal=proposal, priority=float(len(proposed) - z))
    return Desk(alice, dana, made, proposed)


class Easel:
    """The canvas of a correction page that shows a whole, fitted slice of (height, width)."""

    def __init__(self, page: Page, shape: tuple[int, ...]) -> None:
        self.page = page
        self.height, self.width = shape[-2:]

    @classmethod
    def first(cls, page: Page, desk: Desk) -> "Easel":
        """Opens the correction page, agrees, skips the first steps, and waits for the slice."""
        page.goto(desk.address)
        page.get_by_role("button", name="I agree, start").click()
        page.get_by_role("button", name="Skip").click()
        easel = cls(page, desk.proposed.shape)
        easel.ready()
        return easel

    def ready(self) -> None:
        expect(self.page.locator(".pane")).to_have_attribute("data-complete", "true")

    def screen(self, spot: Spot) -> Spot:
        """Where the middle of pixel (x, y) of the slice lies on the page."""
        box = self.page.get_by_role("application").bounding_box()
        assert box is not None
        scale = min(
            (box["width"] - 2 * MARGIN) / self.width, (box["height"] - 2 * MARGIN) / self.height
        )
        x = box["x"] + box["width"] / 2 + (spot[0] + 0.5 - self.width / 2) * scale
        y = box["y"] + box["height"] / 2 + (spot[1] + 0.5 - self.height / 2) * scale
        return x, y

    def stroke(self, *spots: Spot, hand: Hand = "mouse") -> None:
        """Puts the hand down at the first spot, moves it over the others and lifts it."""
        places = [self.screen(spot) for spot in spots]
        cdp = self.page.context.new_cdp_session(self.page)
        (_touch if hand == "touch" else _press)(cdp, _between(places), hand)
        cdp.detach()

    def hand_in(self) -> Correction:
        """Presses Control and Enter; the correction that comes of it."""
        before = Correction.objects.count()
        self.page.keyboard.press("Control+Enter")
        return newest(before)


def newest(before: int) -> Correction:
    """The correction that makes them more than before."""
    wait_until(
        lambda: Correction.objects.count() > before,
        seconds=20 * PATIENCE,
        what="the correction",
    )
    found = Correction.objects.order_by("created").last()
    assert found is not None
    return found


def drawn(correction: Correction) -> NDArray[Any]:
    return mask_of(correction)


def _between(places: list[Spot]) -> list[Spot]:
    """The places, with some on the way from each to the next."""
    found = [places[0]]
    for here, there in itertools.pairwise(places):
        for step in range(1, 7):
            share = step / 6
            found.append(
                (here[0] + share * (there[0] - here[0]), here[1] + share * (there[1] - here[1]))
            )
    return found


def _press(cdp: CDPSession, places: Iterable[Spot], hand: Hand) -> None:
    def send(kind: str, place: Spot, **more: Any) -> None:
        event = {"type": kind, "x": place[0], "y": place[1], "pointerType": hand, **more}
        cdp.send("Input.dispatchMouseEvent", event)

    first, *others = places
    down = {"button": "left", "buttons": 1, "clickCount": 1, "force": 0.5}
    send("mouseMoved", first)
    send("mousePressed", first, **down)
    last = first
    for last in others:
        send("mouseMoved", last, **down)
    send("mouseReleased", last, button="left", clickCount=1)


def _touch(cdp: CDPSession, places: Iterable[Spot], hand: Hand) -> None:
    def send(kind: str, points: list[dict[str, float]]) -> None:
        cdp.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    first, *others = places
    send("touchStart", [{"x": first[0], "y": first[1]}])
    for place in others:
        send("touchMove", [{"x": place[0], "y": place[1]}])
    send("touchEnd", [])
