"""One's own account and tokens over HTTP."""

from typing import Any

import pytest
from django.test import Client

from lamella.accounts import tokens
from lamella.accounts.models import ApiToken, User, Volunteer
from lamella.annotation.models import Correction
from tests import factories as make

pytestmark = pytest.mark.django_db

URL = "/api/v1/account"


@pytest.fixture
def alice() -> User:
    return make.make_user("alice", email="alice@example.org")


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def send(client: Client, method: str, url: str, body: Any = None) -> Any:
    return getattr(client, method)(url, body or {}, content_type="application/json")


def test_a_token_tells_whose_it_is_and_makes_no_other_token(alice: User) -> None:
    _, secret = tokens.create(alice, "napari")
    program = Client(enforce_csrf_checks=True, headers={"Authorization": f"Bearer {secret}"})
    assert program.get(URL).json()["username"] == "alice"
    assert len(program.get(f"{URL}/tokens").json()) == 1
    for method, url, body in (
        ("post", f"{URL}/tokens", {"name": "more"}),
        ("patch", URL, {"email": "other@example.org"}),
    ):
        refused = send(program, method, url, body)
        assert refused.status_code == 403
        assert "a token can neither make another one" in refused.json()["detail"]
    alice.refresh_from_db()
    assert (alice.email, ApiToken.objects.count()) == ("alice@example.org", 1)


def test_a_token_made_by_a_browser_opens_the_api_until_it_is_revoked(alice: User) -> None:
    browser = signed_in(alice)
    made = send(browser, "post", f"{URL}/tokens", {"name": " napari "})
    assert made.status_code == 201
    assert (made.json()["name"], tokens.user_of(made.json()["secret"])) == ("napari", alice)
    listed = browser.get(f"{URL}/tokens").json()
    assert [(row["id"], "secret" in row) for row in listed] == [(made.json()["id"], False)]
    address = f"{URL}/tokens/{made.json()['id']}"
    assert send(signed_in(make.make_user("charlie")), "delete", address).status_code == 404
    assert send(browser, "delete", address).status_code == 204
    assert tokens.user_of(made.json()["secret"]) is None
    assert send(browser, "delete", address).status_code == 404


def test_the_profile_is_changed_where_it_is_given(alice: User) -> None:
    changed = send(signed_in(alice), "patch", URL, {"credit_name": "Alice B."}).json()
    assert (changed["credit_name"], changed["email"]) == ("Alice B.", "alice@example.org")
    refused = send(signed_in(alice), "patch", URL, {"email": "no address"})
    assert refused.status_code == 422
    assert "email: Enter a valid email address." in refused.json()["detail"]
    alice.refresh_from_db()
    assert (alice.credit_name, alice.email) == ("Alice B.", "alice@example.org")


@pytest.mark.parametrize(("marks", "withdrawn"), [("keep", 0), ("withdraw", 1)])
def test_leaving_erases_the_person_and_keeps_or_withdraws_the_marks(
    alice: User, marks: str, withdrawn: int
) -> None:
    task = make.make_task(make.make_cube(make.make_study()))
    make.make_correction(task, make.make_volunteer(alice))
    browser = signed_in(alice)
    body = {"password": make.PASSWORD, "marks": marks}
    assert send(browser, "post", f"{URL}/delete", body).status_code == 204
    assert not User.objects.exists()
    assert Correction.objects.filter(withdrawn__isnull=False).count() == withdrawn
    assert not Volunteer.objects.exclude(user=None).exists()
    assert browser.get(URL).status_code == 401


def test_leaving_asks_for_the_right_password(alice: User) -> None:
    answer = send(signed_in(alice), "post", f"{URL}/delete", {"password": "not it"})
    assert answer.status_code == 422
    assert "nothing was deleted" in answer.json()["detail"]
    assert User.objects.filter(pk=alice.pk).exists()
