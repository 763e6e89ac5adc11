"""What managers announce is there at work, and out of the way once it is read."""

import pytest
from playwright.sync_api import expect

from lamella.notices.announcements import announce
from tests.e2e.conftest import People, axe
from tests.e2e.places import opened
from tests.scene import Scene

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

TEXT = "From today on, leave out droplets that are cut by the edge."


@pytest.mark.parametrize("width", [360, 1366])
def test_alice_reads_the_news_while_she_draws_closes_them_and_is_not_shown_them_again(
    scene: Scene, people: People, width: int
) -> None:
    announce(scene.study, TEXT, by=scene.dana)
    page = people.page("alice", viewport={"width": width, "height": 800})
    opened(page, "/studies/liver-3/correct/")
    if page.get_by_role("button", name="I agree").count():
        page.get_by_role("button", name="I agree").click()
    news = page.get_by_role("dialog", name="News of this study")
    expect(news).to_contain_text(TEXT)
    expect(news).to_contain_text("dana")
    assert [fault for fault in axe(page) if "news" in fault] == []
    news.get_by_role("button", name="Close").click()
    expect(news).to_be_hidden()
    assert page.url.endswith("/studies/liver-3/correct/")
    opened(page, "/studies/liver-3/correct/")
    expect(page.get_by_text(TEXT)).to_have_count(0)
    announce(scene.study, "The round ends on Friday.", by=scene.dana)
    opened(page, "/studies/liver-3/correct/")
    expect(news).to_contain_text("The round ends on Friday.")
    expect(news).not_to_contain_text(TEXT)
