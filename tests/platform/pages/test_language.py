"""Choosing a language: by the browser, by hand, and with the account."""

from typing import Any

import pytest
from django.test import Client

from lamella.accounts.models import User
from tests import factories as make
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db

COOKIE = "django_language"


def test_the_browsers_language_is_spoken_before_anybody_chose(client: Client) -> None:
    page = client.get("/", headers={"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"})
    assert '<html lang="de" dir="ltr"' in page.content.decode()
    assert "Schicht für Schicht" in page.content.decode()


def test_a_language_that_is_not_there_becomes_english(client: Client) -> None:
    page = client.get("/", headers={"Accept-Language": "fr"}).content.decode()
    assert '<html lang="en" dir="ltr"' in page
    assert "slice by slice" in page


def test_a_language_from_right_to_left_turns_the_page(client: Client) -> None:
    client.cookies[COOKIE] = "ar-xb"
    assert '<html lang="ar-xb" dir="rtl"' in client.get("/").content.decode()


def test_a_choice_is_kept_in_a_cookie_and_leads_back(client: Client) -> None:
    answer = client.post(
        "/language/", {"language": "de", "next": "/accounts/login/?next=/profile/"}
    )
    assert answer["Location"] == "/accounts/login/?next=/profile/"
    assert answer.cookies[COOKIE].value == "de"
    assert "Anmelden" in client.get("/accounts/login/").content.decode()


def test_nobody_is_sent_to_another_site(client: Client) -> None:
    answer = client.post("/language/", {"language": "de", "next": "https://elsewhere.example/"})
    assert answer["Location"] == "/"


def test_what_is_not_offered_changes_nothing(client: Client) -> None:
    answer = client.post("/language/", {"language": "xx", "next": "/"})
    assert answer.status_code == 302
    assert COOKIE not in answer.cookies


def test_a_choice_comes_along_to_another_browser(client: Client) -> None:
    alice = make.make_user("alice")
    client.force_login(alice, backend="django.contrib.auth.backends.ModelBackend")
    client.post("/language/", {"language": "de", "next": "/"})
    assert User.objects.get(pk=alice.pk).language == "de"
    other = Client()
    other.post("/accounts/login/", {"login": "alice", "password": PASSWORD})
    assert other.cookies[COOKIE].value == "de"
    assert "Deine Korrekturen" in other.get("/profile/").content.decode()


def test_what_was_chosen_before_signing_in_becomes_the_accounts(client: Client) -> None:
    alice = make.make_user("alice")
    client.post("/language/", {"language": "de", "next": "/"})
    client.post("/accounts/login/", {"login": "alice", "password": PASSWORD})
    assert User.objects.get(pk=alice.pk).language == "de"


def test_the_api_refuses_in_the_language_that_is_asked_for(client: Client) -> None:
    german = client.get("/api/v1/account", headers={"Accept-Language": "de"}).json()
    assert german["detail"].startswith("Dafür brauchst du ein Konto")
    assert client.get("/api/v1/account").json()["detail"].startswith("This needs an account")


def test_a_program_can_choose_the_language_too(client: Client) -> None:
    client.force_login(make.make_user("alice"), backend="django.contrib.auth.backends.ModelBackend")

    def choose(language: str) -> Any:
        return client.patch("/api/v1/account", {"language": language}, "application/json")

    assert choose("de").json()["language"] == "de"
    refused = choose("xx")
    assert refused.status_code == 422
    assert refused.json()["detail"].startswith("The pages do not speak that language")


def test_figures_have_the_sign_of_the_language(client: Client) -> None:
    from django.utils import translation

    from lamella.pages.templatetags.lamella import dice, percent, plain, seconds

    assert (dice(0.942), percent(0.125, 1)) == (".942", "12.5\u202f%")
    with translation.override("de"):
        assert (dice(0.942), percent(0.125, 1)) == ("0,942", "12,5\u202f%")
        assert seconds(5400) == "1,5\u202fh"
        assert plain(0.4) == "0.4"
