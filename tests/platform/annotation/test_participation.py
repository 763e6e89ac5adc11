"""Volunteers in short: counted with every mask, listed a page at a time, paused and let on."""

import pytest
from django.test import Client

from lamella.accounts.models import User
from lamella.annotation import participation
from lamella.annotation.counting import withdraw_all
from lamella.annotation.models import Participation
from lamella.annotation.offers import next_assignment
from lamella.studies.models import Study
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def dana() -> User:
    return make.make_user("dana")


@pytest.fixture
def study(dana: User) -> Study:
    return make.make_study(dana=dana, public=True, anonymous=True)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_each_mask_is_counted_and_withdrawn_ones_are_not(study: Study) -> None:
    cube, opened = make.make_cube(study), make.make_round(study)
    alice = make.make_volunteer(make.make_user("alice"))
    for z in range(3):
        make.make_correction(make.make_task(cube, opened, z), alice, active_seconds=10.0)
    mine = Participation.objects.get(volunteer=alice)
    assert (mine.corrections, mine.seconds) == (3, 30.0)
    withdraw_all(alice)
    mine.refresh_from_db()
    assert (mine.corrections, mine.seconds, mine.last) == (0, 0.0, None)


def test_a_paused_volunteer_gets_no_task_of_this_study_and_reads_why(
    study: Study, dana: User
) -> None:
    make.make_task(make.make_cube(study), make.make_round(study))
    user = make.make_user("alice")
    alice = make.make_volunteer(user)
    participation.note(study.pk, alice.pk, seconds=1.0, practice=False)
    client = signed_in(dana)
    path = f"/studies/liver-3/people/volunteers/{alice.pk}/pause/"
    client.post(path, {"why": "Please read the guide again."})
    assert next_assignment(study, alice) is None
    page = signed_in(user).get("/studies/liver-3/correct/")
    assert page.status_code == 403
    assert "Please read the guide again." in page.content.decode()
    other = make.make_study("Kidney", public=True)
    make.make_task(make.make_cube(other), make.make_round(other))
    assert next_assignment(other, alice) is not None
    client.post(path, {"on": "1"})
    assert next_assignment(study, alice) is not None


def test_the_list_is_paged_without_gaps_or_repeats(
    study: Study, dana: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(participation, "LENGTH", 4)
    for _ in range(9):
        participation.note(study.pk, make.make_volunteer().pk, seconds=5.0, practice=False)
    idle = make.make_volunteer()
    participation.pause(study, idle, by=dana)
    seen, after = [], ""
    for _ in range(4):
        page = participation.volunteers_of(study, after=after)
        seen += [row.pk for row in page.rows]
        after = page.after
        if not after:
            break
    assert len(seen) == len(set(seen)) == 10
    assert Participation.objects.get(pk=seen[-1]).volunteer == idle


def test_volunteers_are_found_by_name_and_by_pseudonym(study: Study, dana: User) -> None:
    alice = make.make_volunteer(make.make_user("alice"))
    nameless = make.make_volunteer()
    for volunteer in (alice, nameless):
        participation.note(study.pk, volunteer.pk, seconds=1.0, practice=False)
    client = signed_in(dana)
    address = "/studies/liver-3/people/volunteers/"
    by_name = client.get(f"{address}?name=ALI").content.decode()
    assert ("alice" in by_name, str(nameless.pk)[:8] in by_name) == (True, False)
    by_pseudonym = client.get(f"{address}?name={str(nameless.pk)[:8]}").content.decode()
    assert str(nameless.pk)[:8] in by_pseudonym
    assert client.get(f"{address}?after=nonsense").status_code == 302


def test_volunteers_do_not_see_each_other(study: Study) -> None:
    alice = make.make_user("alice")
    assert signed_in(alice).get("/studies/liver-3/people/volunteers/").status_code in (403, 404)
