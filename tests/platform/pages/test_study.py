"""The study's home, a new study, settings and the small address that keeps pages current."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from lamella.accounts.models import User
from lamella.cubes.models import LabelsRole
from lamella.loop import overview
from lamella.rounds.models import Certificate
from lamella.studies.models import Role, Study, StudyState
from tests import factories as make
from tests.platform.pages.conftest import World

As = Callable[[User | None], Client]


def test_a_manager_sees_quality_with_its_interval_and_what_waits(world: World, as_: As) -> None:
    html = as_(world.dana).get(reverse("pages:study", args=[world.study.slug])).content.decode()
    assert ".942" in html
    assert ".931–.952" in html
    assert "Review 1 contested" in html
    assert "Look at 1 failed job" in html
    assert "now: 1 of 2 agreed" in html


def test_before_the_blind_audit_a_manager_sees_a_first_idea_and_what_it_is_worth(
    world: World, as_: As
) -> None:
    Certificate.objects.filter(cube__study=world.study).update(blind=0, low=0.0, high=0.97)
    html = as_(world.dana).get(reverse("pages:study", args=[world.study.slug])).content.decode()
    assert "about .942" in html
    assert "at most .970" in html
    assert "which flatters" in html
    assert "95 % interval" not in html


def test_the_strip_along_z_has_a_table_twin(world: World, as_: As) -> None:
    html = as_(world.dana).get(reverse("pages:study", args=[world.study.slug])).content.decode()
    assert 'class="s-agreed"' in html
    assert "waits for masks" in html
    assert f"/cubes/{world.cube.pk}/?z=4" in html


def test_slices_that_came_labelled_count_as_shown(world: World, as_: As) -> None:
    before = overview.of_study(world.study)
    make.make_labels(world.cube, LabelsRole.TRAINING, slices=[0, 1, 4, 6])
    make.make_labels(world.cube, LabelsRole.GOLD, slices=[12])
    after = overview.of_study(world.study)
    # Slice 6 has a task already.
    assert after.shown == before.shown + 3
    strip = after.cubes[0].strip
    assert strip is not None
    assert [c.z for c in strip.columns if c.state == "labelled"] == [0, 1, 4]


def test_the_home_of_a_study_asks_the_database_at_most_fifteen_times(
    world: World, as_: As, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(4):
        make.make_cube(world.study, f"more {number}")
    for user in (world.dana, world.alice):
        client = as_(user)
        with django_assert_max_num_queries(15):
            client.get(reverse("pages:study", args=[world.study.slug]))


def test_a_visitor_sees_question_guide_and_what_they_agree_to(world: World, as_: As) -> None:
    html = as_(world.alice).get(reverse("pages:study", args=[world.study.slug])).content.decode()
    assert world.study.question in html
    assert "<em>droplet</em>" in html
    assert "kept under a pseudonym" in html
    assert "Correct a slice" in html


def test_a_manager_can_look_at_the_study_as_a_volunteer_does(world: World, as_: As) -> None:
    url = reverse("pages:study", args=[world.study.slug])
    assert "What you agree to" in as_(world.dana).get(url + "?as=volunteer").content.decode()


def test_an_empty_study_says_what_to_do(world: World, as_: As) -> None:
    study = make.make_study("Empty", dana=world.dana)
    html = as_(world.dana).get(reverse("pages:study", args=[study.slug])).content.decode()
    assert "Add the first cube" in html


def test_the_live_address_answers_not_modified_while_nothing_changed(world: World, as_: As) -> None:
    client = as_(world.dana)
    url = reverse("pages:live", args=[world.study.slug])
    first = client.get(url)
    assert first.json()["waiting"] == 2
    assert {job["state"] for job in first.json()["jobs"]} >= {"running", "failed"}
    again = client.get(url, headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    assert again.content == b""
    make.make_job(world.study, title="Another")
    assert client.get(url, headers={"If-None-Match": first.headers["ETag"]}).status_code == 200


def new_study(**changes: str) -> dict[str, str]:
    rows = {
        f"classes-{i}-{key}": value
        for i in range(4)
        for key, value in (("name", "nucleus" if i == 0 else ""), ("color", "#E69F00"))
    }
    return {
        "title": "Liver 4",
        "question": "Where are the nuclei?",
        "guide": "Mark nuclei.",
        "consent_text": "Marks are kept.",
        "visibility": "everybody",
        "redundancy": "3",
        "target_dice": "0.95",
        "budget_percent": "30",
        "round_percent": "4",
        "objects": "uint8",
        "classes-TOTAL_FORMS": "4",
        "classes-INITIAL_FORMS": "4",
        "classes-MIN_NUM_FORMS": "0",
        "classes-MAX_NUM_FORMS": "7",
        **rows,
        **changes,
    }


def test_a_new_study_belongs_to_whoever_made_it(world: World, as_: As) -> None:
    answer = as_(world.charlie).post(reverse("pages:new_study"), new_study())
    study = Study.objects.get(title="Liver 4")
    assert answer.headers["Location"] == reverse("pages:add_cube", args=[study.slug])
    assert study.state == StudyState.DRAFT
    assert study.public
    assert study.anonymous
    assert study.memberships.get(user=world.charlie).role == Role.ADMIN
    assert [(c.value, c.name) for c in study.classes.all()] == [(1, "nucleus")]
    # 30 % of the slices, 4 % a round.
    assert (study.max_rounds, study.round_share) == (8, 0.04)


def test_object_ids_get_an_array_type_that_holds_them(world: World, as_: As) -> None:
    as_(world.charlie).post(reverse("pages:new_study"), new_study(objects="uint32"))
    study = Study.objects.get(title="Liver 4")
    assert study.instances
    assert study.label_dtype == "uint32"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"classes-0-name": ""}, "Name at least one class"),
        ({"classes-1-name": "Nucleus"}, "Two classes have the same name"),
        ({"title": ""}, "This field is required"),
        ({"redundancy": "0"}, "greater than or equal to 1"),
    ],
)
def test_a_wrong_form_says_what_to_change(
    world: World, as_: As, changes: dict[str, str], sentence: str
) -> None:
    answer = as_(world.charlie).post(reverse("pages:new_study"), new_study(**changes))
    assert sentence in answer.content.decode()
    assert not Study.objects.filter(title="Liver 4").exists()


def test_a_study_is_opened_and_paused_by_its_managers(world: World, as_: As) -> None:
    client = as_(world.dana)
    url = reverse("pages:set_state", args=[world.study.slug])
    client.post(url, {"state": "paused"})
    world.study.refresh_from_db()
    assert world.study.state == StudyState.PAUSED
    client.post(url, {"state": "nonsense"})
    world.study.refresh_from_db()
    assert world.study.state == StudyState.PAUSED


def test_settings_are_saved_as_shares(world: World, as_: As) -> None:
    answer = as_(world.bob).post(
        reverse("pages:settings", args=[world.study.slug]),
        {
            "title": "Liver three",
            "question": "Where?",
            "guide": "",
            "consent_text": "Marks are kept.",
            "consent_version": "2",
            "redundancy": "5",
            "target_dice": "0.9",
            "strategy": "uniform",
            "max_rounds": "7",
            "lease_minutes": "20",
            "visibility": "accounts",
            "round_percent": "2.5",
            "audit_percent": "0.5",
        },
    )
    assert answer.status_code == 302
    study = Study.objects.get(pk=world.study.pk)
    assert (study.round_share, study.audit_share) == (0.025, 0.005)
    assert (study.public, study.anonymous, study.redundancy) == (True, False, 5)


def test_a_script_in_a_guide_is_shown_as_text(world: World, as_: As) -> None:
    world.study.guide = "<script>alert(1)</script> [x](javascript:alert(1)) <b onclick=x>b</b>"
    world.study.save()
    html = as_(world.alice).get(reverse("pages:study", args=[world.study.slug])).content.decode()
    assert "<script>alert" not in html
    assert "javascript:alert" not in html.replace("(javascript:alert(1))", "")
    assert "onclick=x>" not in html.replace("&lt;b onclick=x&gt;", "")
