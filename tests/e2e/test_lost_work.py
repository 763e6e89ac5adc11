"""The tab dies at random moments, or the network does: no stroke that was kept is lost, and what is
handed in counts once.

LAMELLA_KILLS sets how often the tab dies: thrice, or 200 times for the full measure.
"""

import contextlib
import os
import random
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import numpy as np
import pytest
from django.utils import timezone
from playwright.sync_api import BrowserContext, Error, Page, Route, expect

from lamella.annotation.models import Assignment, Correction
from lamella.learning.models import ModelVersion
from tests import factories as make
from tests.e2e.conftest import PATIENCE, People
from tests.e2e.easel import Desk, Easel, drawn, lay_out, newest
from tests.processes import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

KILLS = int(os.environ.get("LAMELLA_KILLS", "3"))
SHAPE = (96, 128)

# Where the strokes on a slice begin, (x, y). A stroke over what is painted already changes nothing
# and is none, so each has a place of its own, out of reach of the others and of the proposal.
PLACES = [(x, y) for y in range(8, SHAPE[0], 16) for x in range(8, SHAPE[1], 16)][1:]

# Strokes in the journal, and corrections that wait in the outbox, as they are on disk.
ON_DISK = """async () => {
    const database = await new Promise((resolve, reject) => {
        const request = indexedDB.open("lamella");
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
    });
    const all = (store) => new Promise((resolve, reject) => {
        const request = database.transaction(store).objectStore(store).getAll();
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
    });
    const [journal, outbox] = [await all("journal"), await all("outbox")];
    const strokes = journal.filter((line) => line.entry.kind === "stroke");
    database.close();
    return {
        strokes: strokes.map((line) => line.assignmentId),
        waiting: outbox.map((item) => item.assignmentId),
    };
}"""


def small_slices(count: int) -> Desk:
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    disc = ((x - 8) ** 2 + (y - 8) ** 2 <= 25).astype(np.uint8)
    return lay_out(np.stack([disc] * count))


def first_of_three(people: People) -> tuple[Desk, Easel]:
    """Alice at the first of three slices."""
    desk = small_slices(3)
    return desk, Easel.first(people.page("alice"), desk)


def crash(page: Page) -> None:
    """Kills the process of the tab, as the system does when memory runs out."""
    with contextlib.suppress(Error):  # nobody is left to answer
        page.goto("chrome://crash", timeout=5_000)
    page.close()


@dataclass
class Kept:
    """What Alice drew on a slice, and what of it the page had told her that it kept."""

    assignment: str
    tried: int = 0
    strokes: int = 0
    places: list[tuple[int, int]] = field(default_factory=list)


class Sitting:
    """Alice at work in one browser, whatever becomes of its tabs."""

    def __init__(self, context: BrowserContext, desk: Desk, chance: random.Random) -> None:
        self.context = context
        self.desk = desk
        self.chance = chance
        self.page = context.new_page()
        self.slices: dict[str, Kept] = {}

    def reopen(self) -> Easel:
        self.page = self.context.new_page()
        self.page.goto(self.desk.address)
        easel = Easel(self.page, SHAPE)
        easel.ready()
        return easel

    def undo_all(self) -> int:
        """How many steps back there are; takes them, and goes forward again."""
        steps = 0
        undo = self.page.get_by_role("button", name="Undo")
        while undo.is_enabled():
            self.page.keyboard.press("Control+z")
            steps += 1
        for _ in range(steps):
            self.page.keyboard.press("Control+Shift+z")
        if steps:
            self.wait_for_disk()
        return steps

    def wait_for_disk(self) -> None:
        expect(self.page.locator(".saved")).to_have_attribute("data-state", "saved")

    def assignment(self) -> str:
        held = Assignment.objects.filter(state=Assignment.State.LEASED).order_by("created")
        found = held.first()
        assert found is not None
        return str(found.pk)

    def work(self, easel: Easel) -> Kept:
        """Some strokes, each kept before the next; then some that nobody waits for."""
        assignment = self.assignment()
        kept = self.slices.setdefault(assignment, Kept(assignment))
        # What came back with the page is kept, whether or not she had been told.
        kept.strokes = max(kept.strokes, self.undo_all())
        for _ in range(self.chance.randint(0, 2)):
            place = self.scribble(easel, kept)
            self.wait_for_disk()
            kept.strokes += 1
            kept.places.append(place)
        for _ in range(self.chance.randint(0, 1)):
            self.scribble(easel, kept)
        return kept

    def scribble(self, easel: Easel, kept: Kept) -> tuple[int, int]:
        x, y = place = PLACES[kept.tried]
        kept.tried += 1
        easel.stroke(place, (x + self.chance.uniform(0, 2), y + self.chance.uniform(0, 2)))
        return place


@pytest.mark.timeout(120 + 30 * KILLS * PATIENCE)
def test_what_was_kept_survives_the_death_of_the_tab_and_counts_once(
    transactional_db: None, people: People
) -> None:
    desk = small_slices(KILLS + 4)
    people.page("alice").close()
    context = people.contexts[-1]
    sitting = Sitting(context, desk, random.Random(20))
    easel = Easel.first(sitting.page, desk)
    handed_in: set[str] = set()
    for _ in range(KILLS):
        kept = sitting.work(easel)
        hands_in = sitting.chance.random() < 0.5
        if hands_in:
            sitting.page.keyboard.press("Control+Enter")
        sitting.page.wait_for_timeout(sitting.chance.uniform(0, 250))
        crash(sitting.page)
        easel = sitting.reopen()
        # The disk first: what leaves the outbox after this is on the server by then.
        disk = sitting.page.evaluate(ON_DISK)
        handed = Correction.objects.filter(assignment__pk=UUID(kept.assignment))
        stored = handed.first()
        if stored is None and hands_in and kept.assignment in disk["waiting"]:
            # It was on its way when the tab died; the page sends it now.
            wait_until(
                handed.all().exists,
                seconds=20 * PATIENCE,
                what="the correction from the outbox",
            )
            stored = handed.get()
        if stored is not None:
            assert hands_in, "nothing is handed in by itself"
            assert stored.strokes >= kept.strokes
            mask = drawn(stored)
            assert [place for place in kept.places if not mask[place[::-1]]] == []
            handed_in.add(kept.assignment)
        else:
            assert disk["strokes"].count(kept.assignment) >= kept.strokes
            assert sitting.undo_all() >= kept.strokes
    made = list(Correction.objects.values_list("assignment_id", flat=True))
    assert len(made) == len(set(made)) == len(handed_in)
    people.faults.clear()


def test_a_slice_handed_in_offline_is_sent_once_when_the_network_is_back(
    transactional_db: None, people: People
) -> None:
    desk, easel = first_of_three(people)
    page = easel.page
    page.context.set_offline(True)
    easel.stroke((10, 10), (20, 12))
    easel.stroke((40, 30), (50, 30))
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("heading", name="Your slice is safe on this device")).to_be_visible()
    page.close()
    page = page.context.new_page()
    page.context.set_offline(False)
    page.goto(desk.address)
    correction = newest(0)
    Easel(page, SHAPE).ready()
    expect(page.locator(".where")).to_contain_text("slice 2 of 3")
    assert correction.strokes == 2
    assert Correction.objects.count() == 1
    wait_until(
        lambda: page.evaluate(ON_DISK)["waiting"] == [],
        seconds=20 * PATIENCE,
        what="an empty outbox",
    )
    people.faults.clear()


def test_the_lease_is_renewed_while_the_page_is_open(
    transactional_db: None, people: People
) -> None:
    desk = small_slices(3)
    page = people.page("alice")
    page.clock.install()
    Easel.first(page, desk)
    soon = timezone.now() + timedelta(minutes=2)
    Assignment.objects.update(lease_until=soon)
    page.clock.fast_forward(61_000)
    wait_until(
        lambda: Assignment.objects.get().lease_until > soon,
        seconds=20 * PATIENCE,
        what="a longer lease",
    )


def test_a_new_model_that_lands_meanwhile_changes_nothing_under_the_hand(
    transactional_db: None, people: People
) -> None:
    desk, easel = first_of_three(people)
    page = easel.page
    easel.stroke((40, 30), (50, 30))
    expect(page.locator(".saved")).to_have_attribute("data-state", "saved")
    cube = desk.study.cubes.get()
    version = make.make_version(desk.study, 9, state=ModelVersion.State.SERVING)
    make.make_proposal(cube, version, labels=np.ones_like(desk.proposed))
    easel.stroke((40, 60), (50, 60))
    expect(page.locator(".saved")).to_have_attribute("data-state", "saved")
    page.reload()
    easel.ready()
    mask = drawn(easel.hand_in())
    assert (mask[30, 45], mask[60, 45]) == (1, 1)
    # What she did not touch is as the proposal that she saw, and no bit of the new one.
    assert mask[80:].sum() == 0
    assert (mask[:18] == desk.proposed[0, :18]).all()


def test_a_slice_that_waits_to_be_sent_is_not_given_out_once_more(
    transactional_db: None, people: People
) -> None:
    _, easel = first_of_three(people)
    page = easel.page
    easel.stroke((40, 30), (50, 30))
    waits = page.get_by_role("heading", name="Your slice is safe on this device")
    page.route("**/corrections", lambda route: route.fulfill(status=503))
    page.keyboard.press("Control+Enter")
    expect(waits).to_be_visible()
    page.reload()
    expect(waits).to_be_visible()
    page.unroute("**/corrections")
    # It is sent by itself, some seconds later.
    expect(page.locator(".where")).to_contain_text("slice 2 of 3", timeout=20_000 * PATIENCE)
    assert newest(0).strokes == 1
    people.faults.clear()


def test_nothing_is_drawn_on_a_slice_while_it_is_handed_in(
    transactional_db: None, people: People
) -> None:
    _, easel = first_of_three(people)
    page = easel.page
    easel.stroke((40, 30), (50, 30))
    sendings: list[Route] = []
    page.route("**/corrections", lambda route: sendings.append(route))
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("button", name="Handing in")).to_be_visible()
    # Neither would be in the mask, and no journal would keep it.
    easel.stroke((40, 70), (50, 70))
    expect(page.locator(".toast")).to_contain_text("Handing in")
    page.keyboard.press("Control+z")
    expect(page.get_by_role("button", name="Redo")).to_be_disabled()
    for sending in sendings:
        sending.continue_()
    expect(page.locator(".where")).to_contain_text("slice 2 of 3")
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("button", name="Call my last slice back").click()
    expect(page.locator(".where")).to_contain_text("slice 1 of 3")
    easel.ready()
    assert (drawn(easel.hand_in()) == drawn(Correction.objects.earliest("created"))).all()
