"""Dana looks after the people of her study, and Alice sees how it goes."""

import re

import pytest
from playwright.sync_api import expect

from lamella.annotation.models import Quarantine
from tests.crowd_scene import CrowdScene, build_crowd
from tests.e2e.conftest import People, axe
from tests.e2e.places import settled
from tests.scene import Scene

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def crowd(scene: Scene) -> CrowdScene:
    return build_crowd(scene)


def test_dana_puts_a_bot_in_quarantine_and_lets_somebody_else_go(
    scene: Scene, crowd: CrowdScene, people: People
) -> None:
    page = people.page("dana")
    page.goto("/studies/liver-3/people/")
    page.get_by_role("link", name="Skills").click()
    expect(page.get_by_role("heading", name="Worth a look")).to_be_visible()
    name = f"volunteer {str(crowd.bot.pk)[:8]}"
    card = page.locator(".suspects > li", has_text=name)
    expect(card).to_contain_text("with hardly a look")
    card.get_by_role("button", name=f"Put {name} in quarantine").click()
    expect(page.get_by_role("status").first).to_contain_text("their tasks are asked again")
    assert Quarantine.objects.filter(volunteer=crowd.bot, lifted__isnull=True).exists()
    expect(page.locator(".suspects > li", has_text=name)).to_have_count(0)
    other = f"volunteer {str(crowd.kept_out.pk)[:8]}"
    row = page.locator("section", has_text="Held back").locator("tr", has_text=other)
    expect(row).to_contain_text("30 masks were handed in unedited within 60 seconds.")
    row.get_by_role("button", name=f"Let them go on: {other}").click()
    expect(page.get_by_role("status").first).to_contain_text("They may go on")
    assert not Quarantine.objects.filter(volunteer=crowd.kept_out, lifted__isnull=True).exists()


def test_dana_follows_a_volunteer_and_finds_where_people_differ(
    scene: Scene, crowd: CrowdScene, people: People
) -> None:
    page = people.page("dana")
    page.goto("/studies/liver-3/skills/")
    page.get_by_role("link", name="alice", exact=True).click()
    expect(page.get_by_role("heading", name="Skill over time")).to_be_visible()
    page.get_by_text("As a table").click()
    expect(page.get_by_role("columnheader", name="Needed changes made")).to_be_visible()
    page.get_by_role("link", name="Agreement").click()
    expect(page.get_by_role("img", name="Number of tasks by agreement")).to_be_visible()
    settled(page)
    pictures = page.locator(".disputes img")
    assert pictures.count() >= 4
    assert pictures.first.evaluate("image => image.complete && image.naturalWidth > 50")
    page.get_by_role("link", name="Review the contested").click()
    expect(page).to_have_url("http://" + page.url.split("//")[1].split("/")[0] + CONTESTED)


CONTESTED = "/studies/liver-3/review/?only=contested"


def test_alice_sees_how_it_goes(scene: Scene, crowd: CrowdScene, people: People) -> None:
    page = people.page("alice")
    page.goto("/profile/")
    page.get_by_role("link", name=re.compile("how it goes ?: Liver 3")).click()
    expect(page.get_by_text("Thank you: you have looked at")).to_be_visible()
    expect(page.get_by_text("You found 2 of the 3 errors that we had hidden.")).to_be_visible()
    expect(page.get_by_role("img", name="How alike your practice masks are")).to_be_visible()
    assert "false alarm" not in page.content()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_wrong_and_nothing_scrolls_sideways(
    scene: Scene, crowd: CrowdScene, people: People, scheme: str
) -> None:
    base = "/studies/liver-3/"
    places = {
        "dana": ["skills/", f"skills/{crowd.alice.pk}/", f"skills/{crowd.bot.pk}/", "agreement/"],
        "alice": ["my-work/"],
        "charlie": ["my-work/"],
    }
    found = []
    for person, paths in places.items():
        page = people.page(person, color_scheme=scheme)
        for path in paths:
            page.goto(base + path)
            settled(page)
            found += [f"{person} {path}: {line}" for line in axe(page)]
            for width in (360, 2560):
                page.set_viewport_size({"width": width, "height": 740})
                root = "document.documentElement"
                if page.evaluate(f"{root}.scrollWidth > {root}.clientWidth"):
                    found.append(f"{person} {path} scrolls sideways at {width}")
    assert not found, "\n".join(found)
