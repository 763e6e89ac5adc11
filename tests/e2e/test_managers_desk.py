"""Dana's work from a new study to its people, as a person would do it."""

import pytest
from playwright.sync_api import expect

from lamella.annotation.models import Participation
from lamella.consensus.models import Verdict
from lamella.notices.models import Notice
from lamella.rounds.models import Task
from lamella.studies.models import Membership, Study
from tests import scene as scenery
from tests.e2e.conftest import People
from tests.scene import Scene

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_study_is_made_step_by_step_and_looked_over_before_it_is_there(
    scene: Scene, people: People
) -> None:
    page = people.page("dana")
    page.goto("/new-study/")
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_label("Title")).to_be_visible()  # it is empty: no way on
    page.get_by_label("Title").fill("Kidney 2")
    page.get_by_label("The question in one sentence").fill("Where are the tubules?")
    page.keyboard.press("Enter")
    page.get_by_label("Name of class 1").fill("tubule")
    for _ in range(2):
        page.get_by_role("button", name="Next").click()
    page.get_by_label("Everybody may look and help, without an account too").check()
    page.get_by_role("button", name="Next").click()
    page.get_by_label("Budget").fill("20")
    page.get_by_role("button", name="Next").click()
    facts = page.locator(".review-facts")
    expect(facts).to_contain_text("Kidney 2")
    expect(facts).to_contain_text("tubule")
    assert not Study.objects.filter(title="Kidney 2").exists()
    page.get_by_role("button", name="Change: Title").click()
    page.locator("#id_title").fill("Kidney 3")
    page.get_by_role("button", name="Review", exact=False).last.click()
    page.get_by_role("button", name="Create the study").click()
    expect(page.get_by_text("is there. Add its first cube.")).to_be_visible()
    study = Study.objects.get(title="Kidney 3")
    assert (study.max_rounds, study.public, study.anonymous) == (5, True, True)


def test_the_home_leads_to_what_needs_her(scene: Scene, people: People) -> None:
    page = people.page("dana")
    page.goto("/studies/liver-3/")
    expect(page.get_by_text("left to the target")).to_be_visible()
    page.get_by_role("link", name="Review 3 contested").click()
    expect(page.locator("aside ol > li > button img")).to_have_count(3)


def test_the_queue_is_narrowed_by_hand_and_by_key(scene: Scene, people: People) -> None:
    page = people.page("dana")
    page.goto("/studies/liver-3/review/")
    rows = page.locator("aside ol > li > button img")
    expect(rows).to_have_count(7)
    page.keyboard.press("/")
    expect(page.get_by_label("Why it waits")).to_be_focused()
    page.get_by_label("Why it waits").select_option("audit")
    expect(rows).to_have_count(2)
    page.locator(".viewer").click()
    page.keyboard.press("x")
    expect(rows).to_have_count(7)
    page.get_by_label("Round").select_option("1")
    expect(rows).to_have_count(4)
    page.keyboard.press("Escape")
    page.locator(".viewer").click()
    page.keyboard.press("x")
    page.get_by_role("button", name="only theirs").first.click()
    expect(page.get_by_role("button", name="Corrected by")).to_be_visible()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("To the filters")


def test_what_was_accepted_at_once_is_taken_back_in_the_trail(scene: Scene, people: People) -> None:
    page = people.page("dana")
    page.goto("/studies/liver-3/review/")
    expect(page.locator(".viewer")).to_be_visible()
    page.keyboard.press("b")
    expect(page.get_by_text("2 tasks qualify")).to_be_visible()
    page.get_by_role("button", name="Accept 2").click()
    expect(page.get_by_text("2 tasks are accepted")).to_be_visible()
    page.get_by_role("button", name="Done").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.get_by_role("link", name="Verdicts").click()
    page.get_by_role("button", name="Take back all 2").click()
    expect(page.get_by_text("2 verdicts are taken back")).to_be_visible()
    expect(page.get_by_text("taken back by dana")).to_be_visible()
    assert Verdict.objects.filter(undone_by=scene.dana).count() == 2
    assert Task.objects.filter(state=Task.State.RETIRED).count() == 7


def test_the_cube_is_looked_at_from_three_sides_and_an_object_is_found(
    scene: Scene, people: People
) -> None:
    scenery.catalogued(scene)
    page = people.page("dana")
    page.goto(f"/studies/liver-3/cubes/{scene.cube.pk}/")
    explorer = page.locator(".explorer")
    expect(explorer).to_be_visible()
    plane = page.get_by_role("button", name="Slice 25 of 48")
    box = plane.bounding_box()
    assert box is not None
    plane.click(position={"x": box["width"] / 4, "y": box["height"] / 4})
    expect(page.get_by_role("button", name="Plane x = 6")).to_be_visible()
    page.locator("[data-strip]").click(position={"x": 5, "y": 20})
    expect(page.get_by_role("button", name="Slice 1 of 48")).to_be_visible()
    expect(page.locator("#slice-facts")).to_contain_text("Slice 1")
    page.get_by_label("doubtful patches").check()
    page.get_by_text("The most doubtful patches as a table").click()
    expect(page.get_by_role("button", name="Go to y").first).to_be_visible()
    page.get_by_label("Order").select_option("doubt")
    page.get_by_role("button", name="Show object").first.click()
    expect(page.locator(".plane .box").first).to_be_visible()


def test_charlie_joins_by_dana_s_link_and_dana_is_told(scene: Scene, people: People) -> None:
    dana = people.page("dana")
    dana.goto("/studies/liver-3/people/#invite")
    dana.get_by_role("button", name="Invite", exact=True).click()
    link = dana.locator("#fresh-link").inner_text()
    charlie = people.page("charlie")
    charlie.goto(link)
    charlie.get_by_role("button", name="Join as charlie").click()
    expect(charlie.get_by_text("Welcome to “Liver 3”")).to_be_visible()
    assert Membership.objects.filter(study=scene.study, user=scene.charlie).exists()
    dana.goto("/studies/liver-3/")
    dana.get_by_role("link", name="Notices").click()
    expect(dana.get_by_text("charlie accepted the invitation")).to_be_visible()
    dana.get_by_role("button", name="I have seen them").click()
    expect(dana.get_by_role("button", name="I have seen them")).to_have_count(0)


def test_a_volunteer_is_paused_with_a_word_and_let_on_again(scene: Scene, people: People) -> None:
    dana = people.page("dana")
    dana.goto("/studies/liver-3/people/volunteers/?name=alice")
    dana.get_by_label("Pause alice").click()
    dana.get_by_label("Why (they read it)").fill("Please read the guide again.")
    dana.get_by_role("button", name="Pause them").click()
    expect(dana.get_by_text("alice gets no more tasks")).to_be_visible()
    alice = people.page("alice")
    answer = alice.goto("/studies/liver-3/")
    assert answer is not None
    assert answer.ok
    assert Participation.objects.filter(paused__isnull=False).count() == 1
    dana.goto("/studies/liver-3/people/volunteers/?paused=1")
    dana.get_by_role("button", name="Give alice tasks again").click()
    expect(dana.get_by_text("alice gets tasks again")).to_be_visible()


def test_an_announcement_stands_before_the_volunteers(scene: Scene, people: People) -> None:
    dana = people.page("dana")
    dana.goto("/studies/liver-3/people/#announce")
    dana.get_by_label("What shall everybody know?").fill("New slices on Monday.")
    dana.get_by_role("button", name="Announce it").click()
    alice = people.page("alice")
    alice.goto("/studies/liver-3/")
    expect(alice.get_by_role("note")).to_contain_text("New slices on Monday.")
    assert Notice.objects.filter(user=scene.alice, kind="announcement").exists()
