"""The tab dies at random moments, or the network does: no stroke that was kept is lost, and what is
handed in counts once.

LAMELLA_KILLS sets how often the tab dies (200 for the full measure); it takes minutes, so that
without it no tab is killed.
"""

import contextlib
import os
import random
from dataclasses import dataclass
from uuid import UUID

import numpy as np
import pytest
from playwright.sync_api import BrowserContext, Error, Page, expect

from lamella.annotation.models import Assignment, Correction
from tests.e2e.conftest import PATIENCE, People
from tests.e2e.easel import Desk, Easel, lay_out, newest
from tests.processes import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

KILLS = int(os.environ.get("LAMELLA_KILLS", "0"))
SHAPE = (48, 64)

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
    database.close();
    return {
        strokes: journal.map((line) => line.assignmentId),
        waiting: outbox.map((item) => item.assignmentId),
    };
}"""


def small_slices(count: int) -> Desk:
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    disc = ((x - 32) ** 2 + (y - 24) ** 2 <= 81).astype(np.uint8)
    return lay_out(np.stack([disc] * count))


def crash(page: Page) -> None:
    """Kills the process of the tab, as the system does when memory runs out."""
    with contextlib.suppress(Error):  # nobody is left to answer
        page.goto("chrome://crash", timeout=5_000)
    page.close()


@dataclass
class Kept:
    """What the page had told Alice that it kept, before the tab died."""

    assignment: str = ""
    strokes: int = 0


class Sitting:
    """Alice at work in one browser, whatever becomes of its tabs."""

    def __init__(self, context: BrowserContext, desk: Desk, chance: random.Random) -> None:
        self.context = context
        self.desk = desk
        self.chance = chance
        self.page = context.new_page()

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
        return steps

    def assignment(self) -> str:
        held = Assignment.objects.filter(state=Assignment.State.LEASED).order_by("created")
        found = held.first()
        assert found is not None
        return str(found.pk)

    def work(self, easel: Easel) -> Kept:
        """Some strokes, each kept before the next; then some that nobody waits for."""
        kept = Kept(assignment=self.assignment())
        before = self.undo_all()
        for number in range(self.chance.randint(0, 2)):
            self.scribble(easel)
            # Saved once the disk has it.
            expect(self.page.locator(".saved")).to_have_attribute("data-state", "saved")
            kept.strokes = before + number + 1
        kept.strokes = max(kept.strokes, before)
        for _ in range(self.chance.randint(0, 1)):
            self.scribble(easel)
        return kept

    def scribble(self, easel: Easel) -> None:
        x, y = self.chance.uniform(4, 56), self.chance.uniform(4, 40)
        easel.stroke((x, y), (x + self.chance.uniform(2, 6), y + self.chance.uniform(2, 6)))


@pytest.mark.skipif(KILLS == 0, reason="LAMELLA_KILLS is not set")
@pytest.mark.timeout(120 + 30 * KILLS * PATIENCE)
def test_what_was_kept_survives_the_death_of_the_tab_and_counts_once(
    transactional_db: None, people: People
) -> None:
    desk = small_slices(KILLS + 4)
    people.page("alice").close()
    context = people.contexts[-1]
    sitting = Sitting(context, desk, random.Random(20))
    sitting.page.goto(desk.address)
    sitting.page.get_by_role("button", name="I agree, start").click()
    easel = Easel(sitting.page, SHAPE)
    easel.ready()
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
    desk = small_slices(3)
    page = people.page("alice")
    page.goto(desk.address)
    page.get_by_role("button", name="I agree, start").click()
    easel = Easel(page, SHAPE)
    easel.ready()
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
    assert correction.strokes == 2
    assert Correction.objects.count() == 1
    wait_until(
        lambda: page.evaluate(ON_DISK)["waiting"] == [],
        seconds=20 * PATIENCE,
        what="an empty outbox",
    )
    people.faults.clear()
