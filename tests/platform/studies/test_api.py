"""The list of studies over HTTP."""

import pytest
from django.test import Client

from lamella.studies.models import StudyState
from tests.factories import make_study, make_user

pytestmark = pytest.mark.django_db


def listed(client: Client) -> dict[str, str | None]:
    return {row["slug"]: row["role"] for row in client.get("/api/v1/studies").json()}


def test_everybody_sees_their_own_and_public_studies(client: Client) -> None:
    alice, dana = make_user("alice"), make_user("dana")
    make_study("Liver", alice=alice, dana=dana)
    make_study("Kidney", public=True)
    make_study("Draft", public=True, state=StudyState.DRAFT)
    assert listed(client) == {"kidney": None}
    client.force_login(alice)
    assert listed(client) == {"liver": "volunteer", "kidney": None}
    client.force_login(dana)
    assert listed(client) == {"liver": "manager", "kidney": None}
    client.force_login(make_user("bob", staff=True))
    assert listed(client) == dict.fromkeys(("liver", "kidney", "draft"), "admin")
