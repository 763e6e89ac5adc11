"""Every page as every role that sees it: server time, queries, bytes."""

import statistics
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, reverse

from benchmarks.desks.assets import Weight, weigh
from benchmarks.desks.people import CAST
from benchmarks.desks.plan import StudyPlan
from lamella.accounts.models import User
from lamella.studies.models import Role, Study

NOBODY = "nobody"
ROLES = (NOBODY, *CAST)
HTML = "text/html"
LONGEST = 10.0
"""Seconds after which a slow address is asked no more."""


@dataclass(frozen=True)
class Address:
    """name: of the route; path: one that it serves."""

    name: str
    path: str


@dataclass
class Seen:
    """One address as one role. Times in milliseconds."""

    name: str
    role: str
    times: list[float] = field(default_factory=list)
    queries: int = 0
    weight: Weight | None = None

    @property
    def p95(self) -> float:
        if len(self.times) < 2:
            return float("nan")
        return statistics.quantiles(self.times, n=20, method="inclusive")[-1]


def addresses(plan: StudyPlan) -> list[Address]:
    """One address of every page route, and what the pages ask for by themselves."""
    from lamella.pages.urls import urlpatterns

    found = [
        Address(pattern.name or "", _path(f"pages:{pattern.name}", pattern, plan))
        for pattern in urlpatterns
    ]
    accounts = ("login", "signup", "reset_password", "change_password", "logout")
    found += [Address(f"account_{name}", reverse(f"account_{name}")) for name in accounts]
    home = reverse("pages:study", args=[plan.shape.slug])
    found.append(Address("study?as=volunteer", f"{home}?as=volunteer"))
    review = f"/api/v1/studies/{plan.shape.slug}/review"
    found += [
        Address("api: review queue", review),
        Address("api: contested alone", f"{review}?only=contested"),
        Address("api: of one cube", f"{review}?cube={plan.cubes[1]}"),
        Address("api: bulk accept, before", f"{review}/bulk?risk=0.05"),
        Address("api: verdicts", f"/api/v1/studies/{plan.shape.slug}/verdicts"),
    ]
    return found


def _path(name: str, pattern: URLPattern, plan: StudyPlan) -> str:
    values: dict[str, Any] = {}
    for key, converter in pattern.pattern.converters.items():
        if key == "slug":
            values[key] = plan.shape.slug
        elif type(converter).__name__ == "UUIDConverter":
            values[key] = _somebody(pattern.name or "", plan)
        elif type(converter).__name__ == "StringConverter":
            values[key] = _secret(pattern.name or "", plan)
        else:
            values[key] = _number(pattern.name or "", key, plan)
    return reverse(name, kwargs=values)


def _somebody(route: str, plan: StudyPlan) -> str:
    """Whose skill a page is about; other routes that name people or jobs show no page."""
    from lamella.annotation.models import Participation

    if route != "skill":
        return "00000000-0000-0000-0000-000000000000"
    busiest = Participation.objects.filter(study=plan.id).order_by("-corrections", "pk")
    return str(busiest.values_list("volunteer", flat=True)[0])


def _secret(route: str, plan: StudyPlan) -> str:
    """What the address of a mail names, made for this."""
    from lamella.notices.digest import leaving_token
    from lamella.notices.invitations import invite

    if route == "unsubscribe":
        return leaving_token(User.objects.get(username=CAST[-1]))
    study = Study.objects.get(pk=plan.id)
    manager = User.objects.get(username="dana")
    return invite(study, Role.VOLUNTEER, by=manager, places=20)[1]


def _number(route: str, key: str, plan: StudyPlan) -> int:
    """The id that a route's number means."""
    from lamella.learning.models import TrainingRun

    if route == "run_log":
        return TrainingRun.objects.filter(study=plan.id).values_list("pk", flat=True)[0]
    versions: Mapping[str, int] = {"roll_back": plan.versions[len(plan.versions) // 2]}
    return versions.get(route, plan.cubes[0])


def see_all(plan: StudyPlan, repeats: int) -> Iterator[Seen]:
    """Each address as each role that is answered; a route that answers nobody raises."""
    clients = {role: client_of(role) for role in ROLES}
    for address in addresses(plan):
        answered = False
        for role, client in clients.items():
            first = client.get(address.path)
            if first.status_code == 405:
                answered = True  # it takes forms alone
                break
            if first.status_code != 200:
                continue
            answered = True
            yield _seen(client, address, role, repeats)
        if not answered:
            raise LookupError(
                f"Nobody is answered at {address.path} ({address.name}); give the route a value "
                "in benchmarks/desks/pages.py."
            )


def client_of(role: str) -> Client:
    client = Client(headers={"host": "localhost"})
    if role != NOBODY:
        client.force_login(
            User.objects.get(username=role), backend="django.contrib.auth.backends.ModelBackend"
        )
    return client


def _seen(client: Client, address: Address, role: str, repeats: int) -> Seen:
    seen = Seen(address.name, role)
    with CaptureQueriesContext(connection) as queries:
        response = client.get(address.path)
    seen.queries = len(queries)
    if response.headers.get("Content-Type", "").startswith(HTML):
        seen.weight = weigh(response.content)
    until = time.perf_counter() + LONGEST
    for _ in range(repeats):
        if len(seen.times) > 2 and time.perf_counter() > until:
            break
        began = time.perf_counter()
        client.get(address.path)
        seen.times.append((time.perf_counter() - began) * 1000)
    return seen
