"""Signing up and in, tokens, and leaving."""

from collections.abc import Callable

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from lamella.accounts import tokens
from lamella.accounts.models import ApiToken, User, Volunteer
from lamella.annotation.models import Correction
from tests import factories as make
from tests.platform.pages.conftest import World

As = Callable[[User | None], Client]

pytestmark = pytest.mark.django_db

SIGN_UP = {
    "username": "eve",
    "email": "",
    "password1": make.PASSWORD,
    "password2": make.PASSWORD,
}


def test_a_name_and_a_password_are_enough_to_sign_up() -> None:
    answer = Client().post("/accounts/signup/", SIGN_UP)
    assert answer.status_code == 302
    assert User.objects.get(username="eve").email == ""


def test_work_done_without_an_account_becomes_the_accounts(world: World) -> None:
    world.study.public = world.study.anonymous = True
    world.study.save()
    client = Client()
    secret = "s" * 32
    session = client.session
    session["volunteer_secret"] = secret
    session.save()
    before = Volunteer.objects.create(session_hash=tokens.hash_of(secret))
    make.make_correction(world.study.tasks.get(state="open"), before)
    client.post("/accounts/signup/", SIGN_UP)
    before.refresh_from_db()
    assert before.user == User.objects.get(username="eve")
    assert before.session_hash is None
    assert "Liver 3" in client.get("/profile/").content.decode()


def test_a_wrong_password_says_so_without_saying_which_part_is_wrong(world: World) -> None:
    answer = Client().post("/accounts/login/", {"login": "alice", "password": "wrong-password"})
    assert answer.status_code == 200
    assert "errorlist" in answer.content.decode() or "banner bad" in answer.content.decode()


@pytest.mark.parametrize(
    "name",
    ["account_login", "account_signup", "account_reset_password", "account_reset_password_done"],
)
def test_the_entrance_pages_are_there_in_the_sites_own_frame(name: str) -> None:
    html = Client().get(reverse(name)).content.decode()
    assert 'class="brand"' in html


def test_a_forgotten_password_is_reset_by_mail() -> None:
    make.make_user("eve", email="eve@example.org")
    client = Client()
    client.post(reverse("account_reset_password"), {"email": "eve@example.org"})
    link = next(word for word in mail.outbox[0].body.split() if "/password/reset/key/" in word)
    page = client.get(link.split("testserver")[1], follow=True)
    assert "Choose a new password" in page.content.decode()


def test_a_token_is_shown_once_and_revoked_by_its_owner_alone(world: World, as_: As) -> None:
    client = as_(world.alice)
    client.post(reverse("pages:create_token"), {"name": "napari"})
    first, second = (client.get(reverse("pages:profile")).content.decode() for _ in range(2))
    assert "Copy your token now" in first
    assert "Copy your token now" not in second
    token = ApiToken.objects.get()
    secret = first.split('id="fresh-token">')[1].split("<")[0]
    assert tokens.user_of(secret) == world.alice

    url = reverse("pages:revoke_token", args=[token.pk])
    assert as_(world.charlie).post(url).status_code == 404
    assert as_(world.alice).post(url).status_code == 302
    assert tokens.user_of(secret) is None


def test_the_profile_counts_a_persons_own_corrections(world: World, as_: As) -> None:
    html = as_(world.alice).get(reverse("pages:profile")).content.decode()
    assert '<td class="num">2</td>' in html
    assert "You have not corrected a slice yet" in (
        as_(world.charlie).get(reverse("pages:profile")).content.decode()
    )


@pytest.mark.parametrize(("choice", "withdrawn"), [("keep", 0), ("withdraw", 2)])
def test_leaving_erases_the_person_and_keeps_or_withdraws_the_marks(
    world: World, as_: As, choice: str, withdrawn: int
) -> None:
    client = as_(world.alice)
    client.post(reverse("pages:delete_account"), {"marks": choice, "password": make.PASSWORD})
    assert not User.objects.filter(username="alice").exists()
    assert Correction.objects.count() == 2
    assert Correction.objects.filter(withdrawn__isnull=False).count() == withdrawn
    assert not Volunteer.objects.exclude(user=None).exists()
    assert client.get(reverse("pages:profile")).status_code == 302


def test_leaving_asks_for_the_right_password(world: World, as_: As) -> None:
    answer = as_(world.alice).post(
        reverse("pages:delete_account"), {"marks": "keep", "password": "not-it"}
    )
    assert answer.status_code == 422
    assert "nothing was deleted" in answer.content.decode()
    assert User.objects.filter(username="alice").exists()


def test_profile_and_new_study_ask_outsiders_to_sign_in() -> None:
    for name in ("profile", "new_study"):
        answer = Client().get(reverse(f"pages:{name}"))
        assert answer.headers["Location"].startswith("/accounts/login/?next=")
