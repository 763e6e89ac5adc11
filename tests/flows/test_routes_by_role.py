"""Every address of the server, asked by everybody: nobody gets more than their role allows.

A route that is not in the table fails the first test; so does an entry without a route.
"""

import json
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from django.db import transaction
from django.http import HttpResponseBase
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from ninja.operation import PathView
from numpy.typing import NDArray
from pytest_django import Settings

from lamella.accounts import tokens
from lamella.accounts.models import User
from lamella.config.api import api
from lamella.cubes.models import LabelsRole, Upload
from lamella.cubes.store import location
from lamella.exchange.models import Export
from lamella.jobs.models import JobState
from lamella.learning.models import ModelVersion, TrainingRun
from tests import factories as make

pytestmark = pytest.mark.django_db

NOBODY, CHARLIE, ALICE, DANA, BOB = "nobody", "charlie", "alice", "dana", "bob"
CAST = (NOBODY, CHARLIE, ALICE, DANA, BOB)
"""Nobody has no account; Charlie is a volunteer of another study; of the private study that is
asked for Alice is a volunteer, Dana a manager; Bob administers the whole installation."""

# What each of the cast is answered: "ok", or one of the refusals.
GONE, REFUSED, UNKNOWN, LOGIN, OK = "404", "403", "401", "login", "ok"
EVERYBODY = (OK, OK, OK, OK, OK)
SIGNED_IN = (LOGIN, OK, OK, OK, OK)
MEMBERS = (GONE, GONE, OK, OK, OK)
MANAGERS = (GONE, GONE, REFUSED, OK, OK)
ADMINS = (GONE, GONE, REFUSED, REFUSED, OK)
ONLY_ALICE = (GONE, GONE, OK, GONE, GONE)
ONLY_DANA = (GONE, GONE, GONE, OK, GONE)
ONLY_ALICES_ACCOUNT = (LOGIN, GONE, OK, GONE, GONE)
ACCOUNTS = (UNKNOWN, OK, OK, OK, OK)
ONLY_ALICES_TOKEN = (UNKNOWN, GONE, OK, GONE, GONE)

TITLE = "Liver 3"

Rule = tuple[str, str, str, str, str]


@dataclass(frozen=True)
class Route:
    method: str
    pattern: str
    rule: Rule
    body: str = ""
    """Name of a method of World that gives the body."""
    values: dict[str, str] = field(default_factory=dict)


STUDY = "studies/<slug:slug>/"
API = "api/v1/"
CUBE = API + "cubes/<int:cube_id>"
TILE = CUBE + "/tiles/<int:level>/<int:z>/<int:row>/<int:column>"
AGREED = API + "consensus/<int:consensus_id>"
MEMBER = API + "studies/<slug>/members/<int:member_id>"
VERSION = API + "model-versions/<int:version_id>"
ASSIGNED = API + "assignments/<uuidstr:assignment_id>"

ROUTES = [
    # Pages
    Route("GET", "", EVERYBODY),
    Route("GET", "profile/", SIGNED_IN),
    Route("POST", "profile/", SIGNED_IN),
    Route("POST", "profile/tokens/", SIGNED_IN),
    Route("POST", "profile/tokens/<int:pk>/revoke/", ONLY_ALICES_ACCOUNT, values={"pk": "token"}),
    Route("POST", "profile/delete/", SIGNED_IN),
    Route("GET", "new-study/", SIGNED_IN),
    Route("POST", "new-study/", SIGNED_IN),
    Route("GET", STUDY, MEMBERS),
    Route("GET", STUDY + "live/", MANAGERS),
    Route("GET", STUDY + "settings/", ADMINS),
    Route("POST", STUDY + "settings/", ADMINS),
    Route("POST", STUDY + "state/", MANAGERS),
    Route("GET", STUDY + "correct/", MEMBERS),
    Route("GET", STUDY + "review/", MANAGERS),
    Route("GET", STUDY + "training/", MANAGERS),
    Route("POST", STUDY + "training/start/", ADMINS),
    Route("POST", STUDY + "training/runs/<int:pk>/cancel/", ADMINS, values={"pk": "run"}),
    Route("POST", STUDY + "training/versions/<int:pk>/promote/", ADMINS, values={"pk": "version"}),
    Route("GET", STUDY + "training/versions/<int:pk>/roll-back/", ADMINS, values={"pk": "retired"}),
    Route(
        "POST", STUDY + "training/versions/<int:pk>/roll-back/", ADMINS, values={"pk": "retired"}
    ),
    Route("POST", STUDY + "jobs/<uuid:pk>/retry/", ADMINS, values={"pk": "job"}),
    Route("POST", STUDY + "jobs/<uuid:pk>/cancel/", ADMINS, values={"pk": "job"}),
    Route("GET", STUDY + "people/", MANAGERS),
    Route("POST", STUDY + "people/add/", MANAGERS),
    Route("POST", STUDY + "people/<int:pk>/role/", ADMINS, values={"pk": "membership"}),
    Route("POST", STUDY + "people/<int:pk>/remove/", MANAGERS, values={"pk": "membership"}),
    Route("GET", STUDY + "cubes/", MEMBERS),
    Route("GET", STUDY + "cubes/add/", MANAGERS),
    Route("GET", STUDY + "cubes/<int:pk>/", MEMBERS, values={"pk": "cube_id"}),
    Route("GET", STUDY + "cubes/<int:pk>/labels/", MANAGERS, values={"pk": "cube_id"}),
    Route("POST", STUDY + "cubes/<int:pk>/exports/", MANAGERS, values={"pk": "cube_id"}),
    # What the pages and programs use
    Route("GET", API, (GONE,) * 5),
    Route("GET", API + "openapi.json", EVERYBODY),
    Route("GET", API + "docs", EVERYBODY),
    Route("GET", API + "studies", EVERYBODY),
    Route("POST", API + "studies", ACCOUNTS, "new_study"),
    Route("GET", API + "studies/<slug>", MEMBERS),
    Route("POST", API + "studies/<slug>/state", MANAGERS, "state"),
    Route("GET", API + "studies/<slug>/settings", ADMINS),
    Route("PATCH", API + "studies/<slug>/settings", ADMINS, "settings"),
    Route("GET", API + "studies/<slug>/members", MANAGERS),
    Route("POST", API + "studies/<slug>/members", MANAGERS, "newcomer"),
    Route("PATCH", MEMBER, ADMINS, "role", values={"member_id": "membership"}),
    Route("DELETE", MEMBER, MANAGERS, values={"member_id": "membership"}),
    Route("GET", API + "studies/<slug>/training-runs", MANAGERS),
    Route("POST", API + "studies/<slug>/training-runs", ADMINS),
    Route("GET", API + "training-runs/<int:run_id>", MANAGERS, values={"run_id": "run"}),
    Route("POST", API + "training-runs/<int:run_id>/cancel", ADMINS, values={"run_id": "run"}),
    Route("GET", API + "studies/<slug>/model-versions", MANAGERS),
    Route("POST", VERSION + "/promote", ADMINS, values={"version_id": "version"}),
    Route("GET", VERSION + "/rollback", ADMINS, values={"version_id": "retired"}),
    Route("POST", VERSION + "/rollback", ADMINS, values={"version_id": "retired"}),
    Route("GET", API + "studies/<slug>/jobs", MANAGERS),
    Route("POST", API + "jobs/<uuidstr:job_id>/retry", ADMINS, values={"job_id": "job"}),
    Route("POST", API + "jobs/<uuidstr:job_id>/cancel", ADMINS, values={"job_id": "job"}),
    Route("GET", API + "account", ACCOUNTS),
    Route("PATCH", API + "account", ACCOUNTS, "profile"),
    Route("GET", API + "account/tokens", ACCOUNTS),
    Route("POST", API + "account/tokens", ACCOUNTS, "token"),
    Route(
        "DELETE",
        API + "account/tokens/<int:token_id>",
        ONLY_ALICES_TOKEN,
        values={"token_id": "token"},
    ),
    Route("POST", API + "account/delete", ACCOUNTS, "farewell"),
    Route("POST", API + "studies/<slug>/next", MEMBERS),
    Route("GET", ASSIGNED, ONLY_ALICE),
    Route("POST", ASSIGNED + "/renew", ONLY_ALICE),
    Route("POST", ASSIGNED + "/release", ONLY_ALICE),
    Route("POST", ASSIGNED + "/corrections", ONLY_ALICE, "correction"),
    Route("POST", API + "corrections/<uuidstr:correction_id>/recall", ONLY_ALICE, "recall"),
    Route("GET", API + "tasks/<int:task_id>/proposal", MEMBERS),  # Alice was given this task
    Route(
        "GET",
        API + "tasks/<int:task_id>/proposal",
        (GONE, GONE, GONE, OK, OK),
        values={"task_id": "other_task"},
    ),
    Route("GET", API + "studies/<slug>/review", MANAGERS),
    Route("GET", API + "studies/<slug>/review/bulk", MANAGERS, "bulk"),
    Route("POST", API + "studies/<slug>/review/bulk", MANAGERS, "bulk"),
    Route("GET", API + "studies/<slug>/verdicts", MANAGERS),
    Route("GET", AGREED, MANAGERS),
    Route("GET", AGREED + "/masks/<name>", MANAGERS),
    Route("GET", AGREED + "/corrections/<uuidstr:correction_id>/mask", MANAGERS),
    Route("POST", AGREED + "/accept", MANAGERS),
    Route("POST", AGREED + "/send-back", MANAGERS, "note"),
    Route("POST", AGREED + "/fix", MANAGERS, "fix"),
    Route("POST", API + "verdicts/<int:verdict_id>/undo", MANAGERS),
    Route("GET", TILE + ".jpg", MEMBERS),
    Route("GET", TILE + ".png", MEMBERS),
    Route("GET", CUBE + "/plane/<axis>/<int:index>.jpg", MEMBERS),
    Route("GET", CUBE + "/zarr/<path:path>", MEMBERS),
    Route("GET", CUBE + "/consensus/zarr/<path:path>", MANAGERS),
    Route("GET", API + "labels/<int:labels_id>/zarr/<path:path>", MANAGERS),
    Route(
        "GET",
        API + "proposals/<int:proposal_id>/zarr/<path:path>",
        MANAGERS,
        values={"path": "labels_path"},
    ),
    Route("POST", API + "studies/<slug>/uploads", MANAGERS, "announcement"),
    Route("GET", API + "uploads/<uuidstr:upload_id>", ONLY_DANA),
    Route("PATCH", API + "uploads/<uuidstr:upload_id>", ONLY_DANA),
    Route("DELETE", API + "uploads/<uuidstr:upload_id>", ONLY_DANA),
    Route("POST", API + "studies/<slug>/preview", MANAGERS, "source"),
    Route("GET", API + "studies/<slug>/cubes", MEMBERS),
    Route("POST", API + "studies/<slug>/cubes", MANAGERS, "source"),
    Route("GET", CUBE, MANAGERS),
    Route("DELETE", CUBE, MANAGERS),
    Route("POST", CUBE + "/labels", MANAGERS, "source"),
    Route("GET", API + "labels/<int:labels_id>", MANAGERS),
    Route("DELETE", API + "labels/<int:labels_id>", MANAGERS),
    Route("GET", CUBE + "/exports", MANAGERS),
    Route("POST", CUBE + "/exports", MANAGERS, "export"),
    Route("GET", API + "exports/<uuidstr:export_id>", MANAGERS),
    Route("GET", API + "exports/<uuidstr:export_id>/download", MANAGERS),
    Route("GET", API + "exports/<uuidstr:export_id>/provenance.json", MANAGERS),
    # Accounts: the library's own pages, about nobody but whoever asks.
    *(
        Route("GET", f"accounts/{page}/", rule)
        for page, rule in {
            "login": EVERYBODY,
            "logout": EVERYBODY,
            "inactive": EVERYBODY,
            "signup": EVERYBODY,
            "reauthenticate": SIGNED_IN,
            "email": SIGNED_IN,
            "confirm-email": EVERYBODY,
            "password/change": SIGNED_IN,
            "password/set": SIGNED_IN,
            "password/reset": EVERYBODY,
            "password/reset/done": EVERYBODY,
            "password/reset/key/done": EVERYBODY,
            "login/code/confirm": SIGNED_IN,
        }.items()
    ),
    Route("GET", r"accounts/^confirm-email/(?P<key>[-:\w]+)/$", EVERYBODY),
    Route(
        "GET",
        r"accounts/^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        EVERYBODY,
    ),
]

# Django's admin makes its addresses from the models registered: one rule for all of them.
ADMIN = "admin/"
ADMIN_FOR_EVERYBODY = {"admin/login/"}


@dataclass
class World:
    """A private study with one of everything that an address can name."""

    people: dict[str, User]
    values: dict[str, str]
    agreed: NDArray[Any]

    def client(self, name: str) -> Client:
        client = Client(raise_request_exception=False)
        if name != NOBODY:
            client.force_login(
                self.people[name], backend="django.contrib.auth.backends.ModelBackend"
            )
        return client

    def correction(self) -> dict[str, Any]:
        empty = np.zeros((64, 64), np.uint8)
        return make.correction_in(self.agreed, empty)

    recall = correction

    def bulk(self) -> dict[str, Any]:
        return {"agreement": 0.99, "count": 1}

    def note(self) -> dict[str, Any]:
        return {"note": "Look at the rim."}

    def fix(self) -> dict[str, Any]:
        sent = make.correction_in(self.agreed, self.agreed)
        return {"mask_hash": sent["mask_hash"], "difference": sent["difference"]}

    def announcement(self) -> dict[str, Any]:
        return {"filename": "stack.tif", "size": 10}

    def source(self) -> dict[str, Any]:
        return {"path": "/somewhere/else.tif", "name": "other", "role": "gold"}

    def new_study(self) -> dict[str, Any]:
        return {"title": "Kidney 2", "question": "Where are the tubules?"}

    def state(self) -> dict[str, Any]:
        return {"state": "paused"}

    def settings(self) -> dict[str, Any]:
        return {"redundancy": 2}

    def newcomer(self) -> dict[str, Any]:
        return {"username": CHARLIE}

    def role(self) -> dict[str, Any]:
        return {"role": "manager"}

    def profile(self) -> dict[str, Any]:
        return {"credit_name": "A helper"}

    def token(self) -> dict[str, Any]:
        return {"name": "napari"}

    def farewell(self) -> dict[str, Any]:
        return {"password": make.PASSWORD}

    def export(self) -> dict[str, Any]:
        return {"format": "tiff"}


@pytest.fixture
def world(settings: Settings, tmp_path: Any) -> World:
    settings.UPLOAD_DIR = tmp_path
    people = {name: make.make_user(name) for name in (CHARLIE, ALICE, DANA)}
    people[BOB] = make.make_user(BOB, staff=True)
    study = make.make_study(TITLE, alice=people[ALICE], dana=people[DANA])
    make.make_study("Kidney", alice=people[CHARLIE])
    voxels = np.zeros((4, 64, 64), np.uint8)
    voxels[:, 20:40, 20:40] = 1
    cube = make.make_cube(study, "liver", voxels=voxels)
    retired = make.make_version(study, 1, state=ModelVersion.State.RETIRED)
    make.make_version(study, 2, state=ModelVersion.State.SERVING)
    candidate = make.make_version(study, 3)
    proposal = make.make_proposal(cube, retired, labels=voxels)
    opened = make.make_round(study, 1)
    volunteer = make.make_volunteer(people[ALICE])
    task = make.make_task(cube, opened, z=0)
    assignment = make.make_assignment(task, volunteer)
    judged = make.make_task(cube, opened, z=1)
    correction = make.make_correction(judged, volunteer)
    consensus = make.make_consensus(judged, corrections=[correction])
    other = make.make_task(cube, opened, z=2)
    other_mask = make.make_correction(other)
    verdict = make.make_verdict(make.make_consensus(other, corrections=[other_mask]), people[DANA])
    make.make_task(cube, opened, z=3)
    gold = make.make_labels(cube, LabelsRole.GOLD, uri=f"labels/{uuid.uuid4().hex}.zarr")
    make.write_voxels(gold.uri, voxels, "label")
    export = Export.objects.create(
        cube=cube,
        format=Export.Format.TIFF,
        state=Export.State.READY,
        uri="exports/routes/labels.tif",
        provenance_uri="exports/routes/provenance.json",
    )
    for uri in (export.uri, export.provenance_uri):
        location(uri).write(b"{}")
    upload = Upload.objects.create(study=study, user=people[DANA], filename="a.tif", size=4)
    (tmp_path / str(upload.pk)).mkdir()
    (tmp_path / str(upload.pk) / "a.tif").touch()
    run = make.make_run(study, state=TrainingRun.State.RUNNING)
    job = make.make_job(study, state=JobState.FAILED)
    token, _ = tokens.create(people[ALICE], "napari")
    return World(
        people,
        {
            "slug": study.slug,
            "cube_id": str(cube.pk),
            "assignment_id": str(assignment.pk),
            "correction_id": str(correction.pk),
            "task_id": str(task.pk),
            "other_task": str(other.pk),
            "consensus_id": str(consensus.pk),
            "verdict_id": str(verdict.pk),
            "labels_id": str(gold.pk),
            "proposal_id": str(proposal.pk),
            "export_id": str(export.pk),
            "upload_id": str(upload.pk),
            "run": str(run.pk),
            "version": str(candidate.pk),
            "retired": str(retired.pk),
            "job": str(job.pk),
            "token": str(token.pk),
            "membership": str(study.memberships.get(user=people[ALICE]).pk),
            "name": "consensus",
            "axis": "z",
            "path": "zarr.json",
            "labels_path": "labels/zarr.json",
            "key": "x",
            "uidb36": "1",
            **dict.fromkeys(("level", "z", "row", "column", "index"), "0"),
        },
        make.disk(judged),
    )


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
