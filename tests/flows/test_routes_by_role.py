"""Every address of the server, asked by everybody: nobody gets more than their role allows.

A route that is not in the table (route_rules.py) fails the first test; so does an entry without a
route.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import transaction
from django.http import HttpResponseBase
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from ninja.operation import PathView
from pytest_django import Settings

from lamella.accounts import tokens
from lamella.config.api import api
from tests.flows.route_rules import API, BOB, CAST, DANA, GONE, LOGIN, OK, ROUTES, Route
from tests.flows.world import TITLE, World, make_world

pytestmark = pytest.mark.django_db

# Django's admin makes its addresses from the models registered: one rule for all of them.
ADMIN = "admin/"
ADMIN_FOR_EVERYBODY = {"admin/login/"}


@pytest.fixture
def world(settings: Settings, tmp_path: Path) -> World:
    return make_world(settings, tmp_path)


def test_the_table_has_every_route_and_no_other() -> None:
    known = {route.pattern for route in ROUTES}
    found = {pattern for pattern in walked() if not pattern.startswith(ADMIN)}
    assert found - known == set(), "give these routes a rule in ROUTES"
    assert known - found == set(), "these routes are gone"


def test_the_table_has_every_method_of_the_api() -> None:
    known = {(route.method, re.sub(r"<(\w+:)?(\w+)>", r"{\2}", route.pattern)) for route in ROUTES}
    missing = []
    for prefix, router in api._routers:
        for path, view in router.path_operations.items():
            assert isinstance(view, PathView)
            address = API + re.sub(r"\{(\w+:)?(\w+)\}", r"{\2}", (prefix + path).lstrip("/"))
            for operation in view.operations:
                missing += [
                    (method, address)
                    for method in operation.methods
                    if method != "HEAD" and (method, address) not in known
                ]
    assert missing == [], "give these a rule in ROUTES"


def test_nobody_gets_more_and_nobody_less_than_their_role_allows(world: World) -> None:
    wrong = []
    for route in ROUTES:
        for name, expected in zip(CAST, route.rule, strict=True):
            response = asked(world, route, name)
            found = judged(response)
            if found != expected:
                wrong.append(
                    f"{route.method} {route.pattern} as {name}: {found} "
                    f"({response.status_code}), not {expected}"
                )
            if found == GONE and TITLE.encode() in getattr(response, "content", b""):
                wrong.append(f"{route.method} {route.pattern} tells {name} of the study")
    assert not wrong, "\n".join(wrong)


def test_a_token_gives_what_its_person_may_do_and_no_csrf_check(world: World) -> None:
    _, secret = tokens.create(world.people[DANA], "script")
    client = Client(enforce_csrf_checks=True)
    url = f"/api/v1/cubes/{world.values['cube_id']}/exports"
    bearer = {"Authorization": f"Bearer {secret}"}
    kind = "application/json"
    assert (
        client.post(url, {"format": "tiff"}, headers=bearer, content_type=kind).status_code == 202
    )
    wrong = {"Authorization": "Bearer lam_wrong"}
    assert client.get(url, headers=wrong).status_code == 401
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(world.people[DANA])
    assert browser.post(url, {"format": "tiff"}, content_type=kind).status_code == 403


def test_djangos_admin_is_for_admins_of_the_installation(world: World) -> None:
    wrong = []
    patterns = [p for p in walked() if p.startswith(ADMIN) and p not in ADMIN_FOR_EVERYBODY]
    assert len(patterns) > 10
    for pattern in patterns:
        address = re.sub(r"<[^>]*>|\(\?P<url>.*", "1", pattern).replace("$", "")
        for name in CAST:
            response = world.client(name).get(f"/{address}")
            refused = response.status_code in (302, 403, 404, 405)
            fault = response.status_code >= 500 or (name != BOB and not refused)
            if fault:
                wrong.append(f"{address} as {name}: {response.status_code}")
            if response.status_code == 302 and name != BOB:
                assert "login" in response["Location"] or "admin" in response["Location"]
    assert not wrong, "\n".join(wrong)


def walked(resolver: URLResolver | None = None, prefix: str = "") -> Iterator[str]:
    """The patterns of all routes, as Django resolves them."""
    for entry in (resolver or get_resolver()).url_patterns:
        pattern = prefix + str(entry.pattern)
        if isinstance(entry, URLPattern):
            yield pattern
        else:
            yield from walked(entry, pattern)


def asked(world: World, route: Route, name: str) -> HttpResponseBase:
    """The answer; whatever the request changed is undone."""
    address = address_of(world, route)
    body = getattr(world, route.body)() if route.body else {}
    client = world.client(name)
    with transaction.atomic():
        if route.method == "GET":
            response = client.get(address, body)
        elif route.pattern.startswith(API):
            piece = "/uploads/" in route.pattern
            headers = {"Upload-Offset": "0"} if piece else {}
            response = client.generic(
                route.method,
                address,
                b"" if piece else json.dumps(body).encode(),
                content_type="application/json",
                headers=headers,
            )
        else:
            response = client.post(address, body)
        transaction.set_rollback(True)
    return response


def address_of(world: World, route: Route) -> str:
    def value(match: re.Match[str]) -> str:
        name = match[1]
        return world.values[route.values.get(name, name)]

    plain = re.sub(r"\(\?P<(\w+)>[^)]*\)", r"<\1>", route.pattern).replace("^", "").rstrip("$")
    return "/" + re.sub(r"<(?:\w+:)?(\w+)>", value, plain)


def judged(response: HttpResponseBase) -> str:
    """What an answer amounts to. That a request made no sense is for whoever may ask it."""
    if response.status_code == 302 and "/login/" in response["Location"]:
        return LOGIN
    if response.status_code in (401, 403, 404, 405) or response.status_code >= 500:
        return str(response.status_code)
    return OK
