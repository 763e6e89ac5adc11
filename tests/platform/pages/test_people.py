"""Adding people, changing and taking roles."""

from collections.abc import Callable

from django.test import Client
from django.urls import reverse

from lamella.accounts.models import User
from lamella.studies.models import Membership, Role
from tests.platform.pages.conftest import World

As = Callable[[User | None], Client]


def url(world: World, name: str, *args: object) -> str:
    return reverse(f"pages:{name}", args=[world.study.slug, *args])


def role_of(world: World, user: User) -> str | None:
    found = Membership.objects.filter(study=world.study, user=user).first()
    return found.role if found else None


def membership(world: World, user: User) -> int:
    return Membership.objects.get(study=world.study, user=user).pk


def test_a_manager_adds_a_volunteer_by_name(world: World, as_: As) -> None:
    as_(world.dana).post(url(world, "add_member"), {"username": "Charlie", "role": Role.VOLUNTEER})
    assert role_of(world, world.charlie) == Role.VOLUNTEER


def test_a_manager_cannot_make_managers(world: World, as_: As) -> None:
    answer = as_(world.dana).post(
        url(world, "add_member"), {"username": "charlie", "role": Role.MANAGER}
    )
    assert answer.status_code == 422
    assert role_of(world, world.charlie) is None
    change = url(world, "change_role", membership(world, world.alice))
    assert as_(world.dana).post(change, {"role": Role.ADMIN}).status_code == 403


def test_adding_somebody_again_does_not_change_their_role(world: World, as_: As) -> None:
    answer = as_(world.dana).post(
        url(world, "add_member"), {"username": "bob", "role": Role.VOLUNTEER}
    )
    assert "Bob is a admin" not in answer.content.decode()
    assert "here already" in answer.content.decode()
    assert role_of(world, world.bob) == Role.ADMIN


def test_an_unknown_name_is_answered_with_what_to_do(world: World, as_: As) -> None:
    answer = as_(world.dana).post(
        url(world, "add_member"), {"username": "nobody", "role": Role.VOLUNTEER}
    )
    assert "ask them to sign up first" in answer.content.decode()


def test_the_last_admin_stays(world: World, as_: As) -> None:
    key = membership(world, world.bob)
    client = as_(world.bob)
    client.post(url(world, "change_role", key), {"role": Role.VOLUNTEER})
    client.post(url(world, "remove_member", key))
    assert role_of(world, world.bob) == Role.ADMIN


def test_a_manager_removes_volunteers_and_leaves_but_removes_no_admin(
    world: World, as_: As
) -> None:
    client = as_(world.dana)
    client.post(url(world, "remove_member", membership(world, world.alice)))
    client.post(url(world, "remove_member", membership(world, world.bob)))
    client.post(url(world, "remove_member", membership(world, world.dana)))
    assert role_of(world, world.alice) is None
    assert role_of(world, world.bob) == Role.ADMIN
    assert role_of(world, world.dana) is None
