"""The pages that there are, and who looks at them."""

from playwright.sync_api import Page

from tests.scene import Scene

Place = tuple[str | None, str]

CORRECT: Place = ("alice", "/studies/liver-3/correct/")

_PLACES: tuple[Place, ...] = (
    (None, "/"),
    (None, "/accounts/login/"),
    (None, "/accounts/signup/"),
    (None, "/accounts/password/reset/"),
    (None, "/studies/liver-3/"),
    ("charlie", "/"),
    ("alice", "/profile/"),
    CORRECT,
    ("dana", "/"),
    ("dana", "/new-study/"),
    ("dana", "/studies/liver-3/"),
    ("dana", "/studies/liver-3/review/"),
    ("dana", "/studies/liver-3/cubes/"),
    ("dana", "/studies/liver-3/cubes/add/"),
    ("dana", "/studies/liver-3/people/"),
    ("dana", "/studies/liver-3/people/volunteers/"),
    ("dana", "/studies/liver-3/review/trail/"),
    ("dana", "/notices/"),
    ("bob", "/studies/liver-3/training/"),
    ("bob", "/studies/liver-3/settings/"),
    ("bob", "/studies/liver-3/people/"),
)


def places(scene: Scene) -> list[Place]:
    """(person or None for nobody, path) of every page of the scene."""
    return [*_PLACES, ("dana", f"/studies/liver-3/cubes/{scene.cube.pk}/")]


def settled(page: Page) -> None:
    page.wait_for_load_state("networkidle")


def opened(page: Page, path: str) -> None:
    """Goes there and waits until an island that makes up the page is there too."""
    page.goto(path)
    settled(page)
    if path.endswith("/correct/"):
        page.locator(".app, dialog, .notice").first.wait_for()
    elif path.endswith("/review/"):
        page.locator(".review .stage").wait_for()
