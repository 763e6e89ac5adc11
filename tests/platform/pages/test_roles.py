"""Who sees which page: outsiders nothing of a private study, others what their role needs."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from lamella.accounts.models import User
from lamella.studies.models import StudyState
from tests.platform.pages.conftest import World

As = Callable[[User | None], Client]

MEMBERS = ["study", "cubes"]
MANAGERS = ["live", "review", "training", "people", "add_cube"]
ADMINS = ["settings"]


def page(world: World, name: str) -> str:
    return reverse(f"pages:{name}", args=[world.study.slug])


@pytest.mark.parametrize("name", [*MEMBERS, *MANAGERS, *ADMINS, "correct"])
def test_a_private_study_does_not_exist_for_outsiders(world: World, as_: As, name: str) -> None:
    for outsider in (None, world.charlie):
        answer = as_(outsider).get(page(world, name))
        assert answer.status_code == 404
        assert world.study.title not in answer.content.decode()


@pytest.mark.parametrize("name", MANAGERS + ADMINS)
def test_a_volunteer_is_told_which_role_a_page_needs(world: World, as_: As, name: str) -> None:
    answer = as_(world.alice).get(page(world, name))
    assert answer.status_code == 403
    assert "ask an admin of the study" in answer.content.decode()


@pytest.mark.parametrize("name", [*MEMBERS, "correct"])
def test_a_volunteer_sees_the_study_its_cubes_and_the_correction_page(
    world: World, as_: As, name: str
) -> None:
    assert as_(world.alice).get(page(world, name)).status_code == 200


@pytest.mark.parametrize("name", [*MEMBERS, *MANAGERS, "correct"])
def test_a_manager_sees_every_desk(world: World, as_: As, name: str) -> None:
    assert as_(world.dana).get(page(world, name)).status_code == 200


def test_settings_are_for_admins_of_the_study(world: World, as_: As) -> None:
    assert as_(world.dana).get(page(world, "settings")).status_code == 403
    assert as_(world.bob).get(page(world, "settings")).status_code == 200


def test_a_public_study_shows_its_home_and_nothing_more(world: World, as_: As) -> None:
    world.study.public = True
    world.study.save()
    for outsider in (None, world.charlie):
        client = as_(outsider)
        assert client.get(page(world, "study")).status_code == 200
        for name in ("cubes", *MANAGERS, *ADMINS):
            assert client.get(page(world, name)).status_code == 403


def test_a_public_draft_is_not_there_yet(world: World, as_: As) -> None:
    world.study.public, world.study.state = True, StudyState.DRAFT
    world.study.save()
    assert as_(world.charlie).get(page(world, "study")).status_code == 404


def test_somebody_without_an_account_is_asked_to_sign_in_where_the_study_needs_it(
    world: World, as_: As
) -> None:
    world.study.public = True
    world.study.save()
    answer = as_(None).get(page(world, "correct"))
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/accounts/login/?next=/studies/")


def test_an_anonymous_study_can_be_tried_at_once(world: World, as_: As) -> None:
    world.study.public = world.study.anonymous = True
    world.study.save()
    answer = as_(None).get(page(world, "correct"))
    assert answer.status_code == 200
    assert 'id="annotator"' in answer.content.decode()


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("set_state", []),
        ("start_training", []),
        ("cancel_run", ["run"]),
        ("promote", ["candidate"]),
        ("roll_back", ["retired"]),
        ("add_member", []),
    ],
)
def test_a_volunteer_changes_nothing(world: World, as_: As, name: str, args: list[str]) -> None:
    keys = [getattr(world, attribute).pk for attribute in args]
    url = reverse(f"pages:{name}", args=[world.study.slug, *keys])
    assert as_(world.alice).post(url).status_code == 403
    assert as_(world.charlie).post(url).status_code == 404


def test_a_manager_may_look_at_the_training_desk_but_not_act(world: World, as_: As) -> None:
    client = as_(world.dana)
    assert "Start a training run" not in client.get(page(world, "training")).content.decode()
    assert client.post(page(world, "start_training")).status_code == 403
