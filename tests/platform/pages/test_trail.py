"""The trail of verdicts: what Dana decided, and what she took back."""

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from lamella.accounts.models import User
from lamella.consensus import services
from lamella.consensus.models import Consensus, Verdict
from lamella.consensus.together import accept_together
from lamella.rounds.models import Task
from lamella.studies.models import Study
from tests import factories as make

pytestmark = pytest.mark.django_db
ADDRESS = "/studies/liver-3/review/trail/"


@pytest.fixture
def dana() -> User:
    return make.make_user("dana")


@pytest.fixture
def study(dana: User) -> Study:
    return make.make_study(dana=dana, alice=make.make_user("alice"))


@pytest.fixture
def agreed(study: Study) -> list[Consensus]:
    cube = make.make_cube(study, "block")
    opened = make.make_round(study)
    return [_agreed(make.make_task(cube, opened, z=z)) for z in range(6)]


def _agreed(task: Task) -> Consensus:
    return make.make_consensus(task, corrections=[make.make_correction(task) for _ in range(2)])


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_a_verdict_stands_in_the_trail_with_who_gave_it_and_its_word(
    dana: User, agreed: list[Consensus]
) -> None:
    services.send_back(agreed[2], dana, "Mind the rim.")
    page = signed_in(dana).get(ADDRESS).content.decode()
    assert "Mind the rim." in page
    assert "block, slice 3" in page
    assert "sent back" in page


def test_taking_back_keeps_the_verdict_and_says_who_did_it(
    dana: User, agreed: list[Consensus]
) -> None:
    verdict = services.accept(agreed[0], dana)
    client = signed_in(dana)
    page = client.post(f"{ADDRESS}{verdict.pk}/take-back/", follow=True).content.decode()
    assert "The verdict is taken back" in page
    assert "taken back by dana" in page
    assert Task.objects.get(pk=agreed[0].task_id).state == Task.State.RETIRED
    again = client.post(f"{ADDRESS}{verdict.pk}/take-back/", follow=True).content.decode()
    assert "taken back before" in again


def test_verdicts_given_at_once_are_one_entry_and_go_back_together(
    dana: User, study: Study, agreed: list[Consensus]
) -> None:
    accept_together(study, [c.task_id for c in agreed], dana)
    client = signed_in(dana)
    page = client.get(ADDRESS).content.decode()
    assert page.count("take-back") == 1
    assert "6 tasks at once" in page
    newest = Verdict.objects.latest("pk")
    page = client.post(f"{ADDRESS}{newest.pk}/take-back/", follow=True).content.decode()
    assert "6 verdicts are taken back" in page
    assert not study.verdicts.filter(undone__isnull=True).exists()


def test_the_trail_is_paged_and_filtered(
    dana: User, agreed: list[Consensus], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lamella.consensus.trail.LENGTH", 2)
    for consensus in agreed[:3]:
        services.accept(consensus, dana)
    services.send_back(agreed[3], dana, "Again.")
    client = signed_in(dana)
    first = client.get(ADDRESS).content.decode()
    assert ("slice 4" in first, "slice 1" in first) == (True, False)
    older = Verdict.objects.order_by("-pk")[1].pk
    assert f"before={older}" in first
    second = client.get(f"{ADDRESS}?before={older}").content.decode()
    assert ("slice 4" in second, "slice 1" in second) == (False, True)
    only = client.get(f"{ADDRESS}?kind=send_back&manager={dana.pk}").content.decode()
    assert only.count("take-back") == 1


def test_the_trail_needs_few_queries_however_long_it_is(
    dana: User,
    study: Study,
    agreed: list[Consensus],
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for consensus in agreed[:3]:
        services.accept(consensus, dana)
    accept_together(study, [c.task_id for c in agreed[3:]], dana)
    client = signed_in(dana)
    with django_assert_max_num_queries(15):
        assert client.get(ADDRESS).status_code == 200


def test_volunteers_do_not_read_the_trail(study: Study) -> None:
    assert signed_in(User.objects.get(username="alice")).get(ADDRESS).status_code == 403
