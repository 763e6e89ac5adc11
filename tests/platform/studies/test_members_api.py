"""Members of a study over HTTP."""

from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client

from lamella.accounts.models import User
from lamella.studies.models import Membership, Role, Study
from tests.factories import make_study, make_user

pytestmark = pytest.mark.django_db


@dataclass
class Cast:
    alice: User
    dana: User
    bob: User
    charlie: User
    study: Study

    def role_of(self, user: User) -> str | None:
        found = Membership.objects.filter(study=self.study, user=user).first()
        return found.role if found else None

    def ask(
        self, user: User, method: str, of: User | None = None, body: Any = None, status: int = 200
    ) -> Any:
        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        url = f"/api/v1/studies/{self.study.slug}/members"
        if of is not None:
            url += f"/{Membership.objects.get(study=self.study, user=of).pk}"
        send = getattr(client, method)
        answer = send(url, body or {}, content_type="application/json")
        assert answer.status_code == status, answer.content
        return answer.json() if answer.content else None


@pytest.fixture
def cast() -> Cast:
    alice, dana, bob, charlie = (make_user(n) for n in ("alice", "dana", "bob", "charlie"))
    return Cast(alice, dana, bob, charlie, make_study(alice=alice, dana=dana, bob=bob))


def test_a_manager_adds_a_volunteer_by_name(cast: Cast) -> None:
    cast.ask(cast.dana, "post", body={"username": "Charlie"}, status=201)
    assert cast.role_of(cast.charlie) == Role.VOLUNTEER
    client = Client()
    client.force_login(cast.dana, backend="django.contrib.auth.backends.ModelBackend")
    rows = client.get(f"/api/v1/studies/{cast.study.slug}/members").json()
    assert {(row["username"], row["role"]) for row in rows} == {
        ("alice", "volunteer"),
        ("charlie", "volunteer"),
        ("dana", "manager"),
        ("bob", "admin"),
    }


def test_a_manager_makes_no_managers_and_an_admin_does(cast: Cast) -> None:
    body = {"username": "charlie", "role": "manager"}
    refused = cast.ask(cast.dana, "post", body=body, status=403)
    assert "only admins of the study give the role “manager”" in refused["detail"]
    assert cast.role_of(cast.charlie) is None
    cast.ask(cast.bob, "post", body=body, status=201)
    assert cast.role_of(cast.charlie) == Role.MANAGER


def test_who_is_a_member_or_unknown_is_not_added(cast: Cast) -> None:
    again = cast.ask(cast.bob, "post", body={"username": "bob"}, status=409)
    assert "here already" in again["detail"]
    assert cast.role_of(cast.bob) == Role.ADMIN
    nobody = cast.ask(cast.bob, "post", body={"username": "nobody"}, status=422)
    assert "ask them to sign up first" in nobody["detail"]


def test_roles_are_changed_by_admins_alone(cast: Cast) -> None:
    cast.ask(cast.dana, "patch", cast.alice, {"role": "manager"}, 403)
    assert cast.ask(cast.bob, "patch", cast.alice, {"role": "manager"})["role"] == "manager"
    assert cast.role_of(cast.alice) == Role.MANAGER


def test_the_last_admin_stays(cast: Cast) -> None:
    for method, body in (("patch", {"role": "manager"}), ("delete", None)):
        refused = cast.ask(cast.bob, method, cast.bob, body, 409)
        assert "bob stays admin" in refused["detail"]
    assert cast.role_of(cast.bob) == Role.ADMIN
    cast.ask(cast.bob, "patch", cast.dana, {"role": "admin"})
    cast.ask(cast.bob, "delete", cast.bob, status=204)
    assert cast.role_of(cast.bob) is None


def test_a_manager_removes_volunteers_and_leaves_but_removes_no_admin(cast: Cast) -> None:
    cast.ask(cast.dana, "delete", cast.alice, status=204)
    cast.ask(cast.dana, "delete", cast.bob, status=403)
    cast.ask(cast.dana, "delete", cast.dana, status=204)
    assert [cast.role_of(user) for user in (cast.alice, cast.bob, cast.dana)] == [
        None,
        Role.ADMIN,
        None,
    ]


def test_a_member_of_another_study_cannot_be_touched(cast: Cast) -> None:
    other = make_study("Kidney", alice=cast.charlie)
    pk = other.memberships.get().pk
    client = Client()
    client.force_login(cast.bob, backend="django.contrib.auth.backends.ModelBackend")
    url = f"/api/v1/studies/{cast.study.slug}/members/{pk}"
    assert client.delete(url).status_code == 404
    assert other.memberships.exists()
