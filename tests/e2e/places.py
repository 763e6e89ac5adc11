"""The pages that there are, and who looks at them."""

from playwright.sync_api import Page

from lamella.accounts.models import User
from lamella.notices.digest import leaving_token
from lamella.notices.invitations import invite
from lamella.studies.models import Role
from tests.factories import make_user
from tests.scene import Scene

Place = tuple[str | None, str]

CORRECT: Place = ("alice", "/studies/liver-3/correct/")

_STUDY = "/studies/liver-3/"

_PLACES: tuple[Place, ...] = (
    (None, "/"),
    (None, "/accounts/login/"),
    (None, "/accounts/signup/"),
    (None, "/accounts/password/reset/"),
    (None, "/accounts/password/reset/done/"),
    (None, "/accounts/password/reset/key/done/"),
    (None, "/accounts/password/reset/key/1-an-old-one/"),
    (None, "/accounts/inactive/"),
    (None, _STUDY),
    ("charlie", "/"),
    ("charlie", "/new-study/"),
    ("alice", "/profile/"),
    ("alice", "/accounts/password/change/"),
    ("alice", "/accounts/reauthenticate/"),
    ("alice", "/accounts/logout/"),
    ("alice", _STUDY),
    CORRECT,
    ("alice", f"{_STUDY}my-work/"),
    ("dana", "/"),
    ("dana", "/new-study/"),
    ("dana", _STUDY),
    ("dana", f"{_STUDY}review/"),
    ("dana", f"{_STUDY}review/trail/"),
    ("dana", f"{_STUDY}cubes/"),
    ("dana", f"{_STUDY}cubes/add/"),
    ("dana", f"{_STUDY}people/"),
    ("dana", f"{_STUDY}people/volunteers/"),
    ("dana", f"{_STUDY}skills/"),
    ("dana", f"{_STUDY}agreement/"),
    ("dana", "/notices/"),
    ("root", "/health/"),
    ("bob", f"{_STUDY}training/"),
    ("bob", f"{_STUDY}settings/"),
    ("bob", f"{_STUDY}people/"),
)

ERRORS: tuple[Place, ...] = (
    (None, "/nowhere/"),
    ("charlie", f"{_STUDY}training/"),
    ("charlie", "/studies/closed/correct/"),
)
"""Pages that say that something is not here, or not for this person."""

NO_PAGES = frozenset(
    {
        # What is sent, and answered by another page.
        "language", "create_token", "revoke_token", "delete_account", "set_state", "start_training",
        "cancel_run", "promote", "retry_job", "cancel_job", "add_member", "change_role",
        "remove_member", "add_export", "retry_any_job", "take_back", "resume_run", "configure",
        "schedule", "compare", "clean_up", "invite", "revoke_invitation", "announce",
        "withdraw_announcement", "pause_volunteer", "hold_volunteer", "let_volunteer_go",
        "withdraw_mask",
        # Parts of a page, for its script.
        "live", "health_live",
        # For Prometheus.
        "metrics",
        # Of allauth, and not used: a mail address is nobody's name here, and is not confirmed.
        "account_email", "account_email_verification_sent", "account_confirm_email",
        "account_confirm_login_code", "account_set_password",
    }
)  # fmt: skip
"""Names of routes that show no page of their own."""


def places(scene: Scene) -> list[Place]:
    """(person or None for nobody, path) of every page of the scene.

    root, an admin of the installation, joins the cast.
    """
    cube = f"{_STUDY}cubes/{scene.cube.pk}/"
    older = scene.study.model_versions.exclude(pk=scene.serving.pk).get()
    run = scene.study.training_runs.order_by("pk")[0]
    somebody = scene.study.participations.order_by("-corrections", "pk")[0].volunteer_id
    if not User.objects.filter(username="root").exists():
        make_user("root", staff=True)
    _, secret = invite(scene.study, Role.VOLUNTEER, by=scene.dana, places=20)
    return [
        *_PLACES,
        ("charlie", f"/invitations/{secret}/"),
        (None, f"/unsubscribe/{leaving_token(scene.dana)}/"),
        ("dana", f"{_STUDY}skills/{somebody}/"),
        ("dana", cube),
        ("dana", f"{cube}labels/"),
        ("bob", f"{_STUDY}training/versions/{older.pk}/roll-back/"),
        ("bob", f"{_STUDY}training/runs/{run.pk}/log/"),
    ]


def settled(page: Page) -> None:
    page.wait_for_load_state("networkidle")


def opened(page: Page, path: str) -> None:
    """Goes there and waits until an island that makes up the page is there too.

    A page that is not there, or not for this person, would be looked at in vain.
    """
    answer = page.goto(path)
    assert answer is not None
    assert answer.ok or path in {refused for _, refused in ERRORS}, f"{path}: {answer.status}"
    settled(page)
    if page.locator("#annotator").count():
        page.locator(".app, dialog, .notice").first.wait_for()
    elif page.locator("#review").count():
        page.locator(".review .stage").wait_for()
