"""What people are told, in the page and by mail, and that they can have it otherwise."""

from datetime import timedelta

import pytest
from django.core import mail as outbox
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from lamella.accounts.models import Digest, User
from lamella.jobs.errors import TransientError
from lamella.jobs.models import Job, JobState
from lamella.notices import digest
from lamella.notices.announcements import announce, standing, withdraw
from lamella.notices.models import Notice
from lamella.notices.telling import tell_of_failure, unread
from lamella.notices.wording import words_of
from lamella.studies import members, services
from lamella.studies.models import Role, Study, StudyState
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def dana() -> User:
    return make.make_user("dana", email="dana@example.org")


@pytest.fixture
def alice() -> User:
    return make.make_user("alice", email="alice@example.org")


@pytest.fixture
def study(dana: User, alice: User) -> Study:
    return make.make_study(dana=dana, alice=alice)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_an_announcement_reaches_every_member_but_its_author(
    study: Study, dana: User, alice: User
) -> None:
    made = announce(study, " New slices on Monday. ", dana)
    assert (unread(alice), unread(dana)) == (1, 0)
    home = signed_in(alice).get("/studies/liver-3/").content.decode()
    assert "New slices on Monday." in home
    assert "count-badge" in home
    withdraw(made)
    assert standing(study) == []
    assert "New slices" not in signed_in(alice).get("/studies/liver-3/").content.decode()


def test_only_what_was_looked_at_counts_as_seen(study: Study, dana: User, alice: User) -> None:
    announce(study, "One.", dana)
    until = signed_in(alice).get("/notices/").context["until"]
    announce(study, "Two.", dana)
    signed_in(alice).post("/notices/", {"until": until})
    assert unread(alice) == 1


def test_people_learn_of_new_roles_pauses_and_failures(
    study: Study, dana: User, alice: User
) -> None:
    bob = make.make_user("bob", staff=True)
    members.admit(study, bob, Role.ADMIN, by=bob)
    services.set_state(study, StudyState.PAUSED)
    services.set_state(study, StudyState.PAUSED)  # nothing changed: nobody is told twice
    job = make.make_job(study, state=JobState.FAILED, title="Train on 12 slices", error="No GPU.")
    tell_of_failure(job)
    assert [words_of(n) for n in Notice.objects.filter(user=bob).order_by("pk")] == [
        "You are an admin of “Liver 3” now.",
        "“Liver 3” is paused for now.",
        "“Train on 12 slices” in “Liver 3” failed: No GPU.",
    ]
    assert [n.kind for n in Notice.objects.filter(user=alice)] == ["state"]


def test_one_mail_a_day_tells_what_was_not_seen(study: Study, dana: User, alice: User) -> None:
    announce(study, "One.", dana)
    announce(study, "Two.", dana)
    assert digest.enqueue_due() == 1
    assert Job.objects.filter(kind="digest").count() == 1
    assert digest.send(alice.pk) == 2
    [sent] = outbox.outbox
    assert sent.subject == "2 notices from Lamella"
    assert "Liver 3: One." in sent.body
    assert "/unsubscribe/" in sent.extra_headers["List-Unsubscribe"]
    assert digest.send(alice.pk) == 0
    announce(study, "Three.", dana)
    assert digest.enqueue_due() == 0
    User.objects.filter(pk=alice.pk).update(digest_sent=timezone.now() - timedelta(days=1))
    assert digest.enqueue_due() == 1


def test_a_manager_reads_in_the_mail_what_waits_for_review(study: Study, dana: User) -> None:
    task = make.make_task(make.make_cube(study), make.make_round(study))
    make.make_consensus(task, corrections=[make.make_correction(task)])
    services.set_state(study, StudyState.PAUSED)
    digest.send(dana.pk)
    assert "“Liver 3”: 1 task waits for review, 0 contested" in outbox.outbox[0].body


@pytest.mark.parametrize("change", [{"digest": Digest.OFF}, {"email": ""}, {"is_active": False}])
def test_who_wants_no_mail_or_cannot_get_any_gets_none(
    study: Study, dana: User, alice: User, change: dict[str, object]
) -> None:
    User.objects.filter(pk=alice.pk).update(**change)
    announce(study, "One.", dana)
    assert digest.enqueue_due() == 0
    assert digest.send(alice.pk) == 0
    assert outbox.outbox == []


def test_what_the_mail_server_refused_is_sent_later(
    study: Study, dana: User, alice: User, settings: Settings
) -> None:
    announce(study, "One.", dana)
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    with pytest.raises(TransientError):
        digest.send(alice.pk)
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert digest.send(alice.pk) == 1


def test_the_link_in_a_mail_stops_the_mails_without_signing_in(alice: User) -> None:
    path = f"/unsubscribe/{digest.leaving_token(alice)}/"
    client = Client(enforce_csrf_checks=True)
    assert "Stop these mails?" in client.get(path).content.decode()
    alice.refresh_from_db()
    assert alice.digest == Digest.DAILY
    assert "No more mails" in client.post(path).content.decode()
    alice.refresh_from_db()
    assert alice.digest == Digest.OFF
    assert client.get("/unsubscribe/forged/").status_code == 404


def test_the_profile_chooses_how_often(alice: User) -> None:
    signed_in(alice).post("/profile/", {"email": alice.email, "digest": "weekly"})
    alice.refresh_from_db()
    assert alice.digest == Digest.WEEKLY


def test_mails_speak_the_readers_language(study: Study, dana: User, alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(language="de")
    services.set_state(study, StudyState.FINISHED)
    digest.send(alice.pk)
    assert "ist abgeschlossen" in outbox.outbox[0].body
