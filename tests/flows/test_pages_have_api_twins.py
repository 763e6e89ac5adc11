"""Whatever a page does by form, a program can do over the API: each such address has its twin.

A form's address that is not in the table fails the first test; so does an entry without one.
"""

import re
import uuid

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from lamella.config.api import api
from lamella.pages.urls import urlpatterns as pages
from tests import factories as make

API = "/api/v1/"
STUDY = "studies/<slug:slug>/"
VERSION = STUDY + "training/versions/<int:pk>/"
JOB = STUDY + "jobs/<uuid:pk>/"
PERSON = STUDY + "people/<int:pk>/"

TWINS = {
    "language/": ("patch", "account"),
    "profile/": ("patch", "account"),
    "profile/tokens/": ("post", "account/tokens"),
    "profile/tokens/<int:pk>/revoke/": ("delete", "account/tokens/{token_id}"),
    "profile/delete/": ("post", "account/delete"),
    "new-study/": ("post", "studies"),
    STUDY + "settings/": ("patch", "studies/{slug}/settings"),
    STUDY + "state/": ("post", "studies/{slug}/state"),
    STUDY + "training/start/": ("post", "studies/{slug}/training-runs"),
    STUDY + "training/runs/<int:pk>/cancel/": ("post", "training-runs/{run_id}/cancel"),
    STUDY + "training/runs/<int:pk>/resume/": ("post", "training-runs/{run_id}/resume"),
    STUDY + "training/settings/": ("patch", "studies/{slug}/training-settings"),
    STUDY + "training/schedule/": ("patch", "studies/{slug}/training-settings"),
    STUDY + "training/compare/": ("post", "studies/{slug}/comparison"),
    STUDY + "training/clean-up/": ("post", "studies/{slug}/disk/clean-up"),
    "health/jobs/<uuid:pk>/retry/": ("post", "health/jobs/{job_id}/retry"),
    VERSION + "promote/": ("post", "model-versions/{version_id}/promote"),
    VERSION + "roll-back/": ("post", "model-versions/{version_id}/rollback"),
    JOB + "retry/": ("post", "jobs/{job_id}/retry"),
    JOB + "cancel/": ("post", "jobs/{job_id}/cancel"),
    STUDY + "people/add/": ("post", "studies/{slug}/members"),
    PERSON + "role/": ("patch", "studies/{slug}/members/{member_id}"),
    PERSON + "remove/": ("delete", "studies/{slug}/members/{member_id}"),
    "notices/": ("post", "account/notices/read"),
    "unsubscribe/<str:token>/": ("patch", "account"),
    "invitations/<str:secret>/": ("post", "invitations/{secret}"),
    STUDY + "review/trail/<int:pk>/take-back/": ("post", "verdicts/{verdict_id}/undo"),
    STUDY + "people/invite/": ("post", "studies/{slug}/invitations"),
    STUDY + "people/invitations/<int:pk>/revoke/": (
        "delete",
        "studies/{slug}/invitations/{invitation_id}",
    ),
    STUDY + "people/announce/": ("post", "studies/{slug}/announcements"),
    STUDY + "people/announcements/<int:pk>/withdraw/": (
        "delete",
        "studies/{slug}/announcements/{announcement_id}",
    ),
    STUDY + "people/volunteers/<uuid:pk>/pause/": (
        "patch",
        "studies/{slug}/volunteers/{volunteer_id}",
    ),
    STUDY + "skills/<uuid:pk>/hold/": ("post", "studies/{slug}/skills/{volunteer_id}/hold"),
    STUDY + "skills/<uuid:pk>/let-go/": ("delete", "studies/{slug}/skills/{volunteer_id}/hold"),
    STUDY + "my-work/<uuid:pk>/withdraw/": ("delete", "corrections/{correction_id}"),
    STUDY + "cubes/<int:pk>/exports/": ("post", "cubes/{cube_id}/exports"),
}

# Addresses below these are not the pages' own, and have no twin.
WITHOUT = {
    "accounts/": "signing up, signing in and passwords make and end the session of a browser; a "
    "program carries a token instead",
    "admin/": "Django's admin works on the tables themselves, for the server's own admins",
    "api/v1/": "is the API",
}


@pytest.mark.django_db
def test_every_form_of_the_pages_has_an_entry_and_every_entry_a_form() -> None:
    client = Client(raise_request_exception=False)
    client.force_login(
        make.make_user("bob", staff=True), backend="django.contrib.auth.backends.ModelBackend"
    )
    taking = {
        str(page.pattern)
        for page in pages
        if client.post("/" + filled(str(page.pattern))).status_code != 405
    }
    assert taking - TWINS.keys() == set(), "give these a twin in the API, and an entry in TWINS"
    assert TWINS.keys() - taking == set(), "these take no form any more"


def test_every_twin_is_in_the_openapi_with_words_and_a_described_answer() -> None:
    paths = api.get_openapi_schema()["paths"]
    for method, path in TWINS.values():
        operation = paths.get(API + path, {}).get(method)
        assert operation is not None, f"{method} {path} is not in the OpenAPI"
        assert operation["summary"], path
        assert operation["description"].endswith("."), path
        assert all(
            int(status) == 204 or "content" in answer
            for status, answer in operation["responses"].items()
        ), f"{method} {path} does not say what it answers"


def test_all_addresses_are_pages_or_have_a_reason() -> None:
    for entry in get_resolver().url_patterns:
        assert isinstance(entry, URLPattern | URLResolver)
        pattern = str(entry.pattern)
        assert pattern == "" or pattern in WITHOUT, f"say of {pattern} why it has no twin"


def filled(pattern: str) -> str:
    """An address of the pattern that names nothing there is."""
    values = {"slug": "nowhere", "str": "nothing", "int": "0", "uuid": str(uuid.UUID(int=0))}
    return re.sub(r"<(\w+):\w+>", lambda match: values[match[1]], pattern)
