"""Invitations: by mail for one, by link for several, and never more than they are for."""

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail as outbox
from django.test import Client
from django.utils import timezone

from lamella.accounts.models import User
from lamella.notices import invitations
from lamella.notices.models import Invitation, Notice
from lamella.studies.access import ForbiddenError
from lamella.studies.models import Role, Study
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def dana() -> User:
    return make.make_user("dana")


@pytest.fixture
def study(dana: User) -> Study:
    return make.make_study(dana=dana, alice=make.make_user("alice"))


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def role_of(user: User, study: Study) -> Any:
    return study.memberships.filter(user=user).values_list("role", flat=True).first()


def test_charlie_joins_by_the_link_and_dana_is_told(study: Study, dana: User) -> None:
    charlie = make.make_user("charlie")
    page = signed_in(dana).post(
        "/studies/liver-3/people/invite/",
        {"invite-email": "", "invite-role": "volunteer", "invite-places": 1},
        follow=True,
    )
    link = page.context["link"]
    assert link in page.content.decode()
    assert link not in signed_in(dana).get("/studies/liver-3/people/").content.decode()
    path = link.removeprefix("http://testserver")
    assert "Join as charlie" in signed_in(charlie).get(path).content.decode()
    assert role_of(charlie, study) is None
    signed_in(charlie).post(path)
    assert role_of(charlie, study) == Role.VOLUNTEER
    told = Notice.objects.get(user=dana)
    assert (told.kind, told.params) == ("joined", {"name": "charlie"})


def test_a_mail_carries_the_link(study: Study, dana: User) -> None:
    signed_in(dana).post(
        "/studies/liver-3/people/invite/",
        {"invite-email": "charlie@example.org", "invite-role": "volunteer", "invite-places": 5},
    )
    [sent] = outbox.outbox
    assert sent.to == ["charlie@example.org"]
    assert "/invitations/" in sent.body
    secret = sent.body.split("/invitations/")[1].split("/")[0]
    found = invitations.find(secret)
    assert found is not None
    assert found.places == 1
    assert secret not in Invitation.objects.get().token_hash


def test_a_link_is_good_for_so_many_people_and_no_more(study: Study, dana: User) -> None:
    made, _ = invitations.invite(study, Role.VOLUNTEER, by=dana, places=2)
    for name in ("eve", "frank"):
        invitations.join(made, make.make_user(name))
    with pytest.raises(invitations.InvitationError, match="used up"):
        invitations.join(made, make.make_user("grace"))
    assert study.memberships.count() == 4


def test_who_is_a_member_takes_no_place_and_loses_no_role(study: Study, dana: User) -> None:
    made, _ = invitations.invite(study, Role.VOLUNTEER, by=dana)
    assert invitations.join(made, dana) == Role.MANAGER
    made.refresh_from_db()
    assert made.taken == 0


@pytest.mark.parametrize("change", [{"revoked": timezone.now()}, {"expires": timezone.now()}])
def test_what_was_taken_back_or_is_old_opens_nothing(
    study: Study, dana: User, change: dict[str, Any]
) -> None:
    made, secret = invitations.invite(study, Role.VOLUNTEER, by=dana)
    Invitation.objects.filter(pk=made.pk).update(**change)
    answer = Client().get(f"/invitations/{secret}/")
    assert answer.status_code == 404
    assert "not good any more" in answer.content.decode()


def test_a_manager_invites_volunteers_and_an_admin_anybody(study: Study, dana: User) -> None:
    with pytest.raises(ForbiddenError):
        invitations.invite(study, Role.MANAGER, by=dana)
    bob = make.make_user("bob", staff=True)
    made, _ = invitations.invite(study, Role.MANAGER, by=bob, email="m@example.org")
    assert made.expires > timezone.now() + timedelta(days=29)
    with pytest.raises(invitations.InvitationError, match="volunteers only"):
        invitations.invite(study, Role.MANAGER, by=bob, places=3)


def test_somebody_without_an_account_is_led_back_after_signing_up(study: Study, dana: User) -> None:
    _, secret = invitations.invite(study, Role.VOLUNTEER, by=dana)
    page = Client().get(f"/invitations/{secret}/").content.decode()
    assert f"?next=/invitations/{secret}/" in page
    assert Client().post(f"/invitations/{secret}/").status_code == 200
    assert Invitation.objects.get().taken == 0
