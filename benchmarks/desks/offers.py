"""Volunteers ask for their next task, a hundred a second, whether or not the server keeps up."""

import asyncio
import json
import re
import time
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import urlsplit

import numpy as np
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Count, F, Q
from django.utils import timezone

from benchmarks.desks.people import accounts, user_of
from benchmarks.desks.sizes import Sizes
from lamella.accounts.models import User
from lamella.annotation.models import Assignment
from lamella.rounds.models import Task

IN_FLIGHT = 50
_TOKEN = "b" * 32
"""Of the cookie and of the header: any will do, as long as they agree."""


@dataclass
class Load:
    """Times in milliseconds, from the moment at which the request was due."""

    times: list[float] = field(default_factory=list)
    tasks: set[int] = field(default_factory=set)
    empty: int = 0
    faults: list[str] = field(default_factory=list)
    late: int = 0
    """Requests that had to wait because IN_FLIGHT were under way."""
    seconds: float = 0.0

    def percentile(self, share: float) -> float:
        return float(np.percentile(self.times, share)) if self.times else float("nan")


def sign_in(sizes: Sizes, wanted: int) -> list[str]:
    """Session keys of so many volunteers, drawn at random; none of them has asked before."""
    rng = np.random.default_rng(7)
    many = accounts(sizes)
    chosen = rng.choice(many, min(wanted, many), replace=False)
    digest = User.objects.get(pk=user_of(0)).get_session_auth_hash()
    store = SessionStore()
    keys = [rng.bytes(16).hex() for _ in chosen]
    until = timezone.now() + timedelta(seconds=settings.SESSION_COOKIE_AGE)
    Session.objects.bulk_create(
        Session(
            session_key=key,
            expire_date=until,
            session_data=store.encode(
                {
                    SESSION_KEY: str(user_of(int(number))),
                    BACKEND_SESSION_KEY: "django.contrib.auth.backends.ModelBackend",
                    HASH_SESSION_KEY: digest,
                }
            ),
        )
        for key, number in zip(keys, chosen, strict=True)
    )
    return keys


def ask(address: str, slug: str, sessions: list[str], *, rate: float) -> Load:
    """One request for each session, ``rate`` a second."""
    return asyncio.run(_ask(f"{address}/api/v1/studies/{slug}/next", sessions, rate))


async def _ask(url: str, sessions: list[str], rate: float) -> Load:
    load, lines = Load(), asyncio.Queue[_Line]()
    to = urlsplit(url)
    for _ in range(IN_FLIGHT):
        lines.put_nowait(await _Line.to(str(to.hostname), to.port or 80))
    begin = time.perf_counter() + 0.2
    waiting = []
    for number, session in enumerate(sessions):
        due = begin + number / rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        waiting.append(asyncio.create_task(_one(lines, to.path, session, due, load)))
    await asyncio.gather(*waiting)
    load.seconds = time.perf_counter() - begin
    return load


@dataclass
class _Line:
    """A connection that is kept: a client with more to it would take as long of the two cores as
    the server's answer does."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    @classmethod
    async def to(cls, host: str, port: int) -> "_Line":
        return cls(*await asyncio.open_connection(host, port))

    async def post(self, path: str, session: str, body: bytes) -> tuple[int, bytes]:
        """(status, body) of the answer."""
        head = (
            f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\nX-CSRFToken: {_TOKEN}\r\n"
            f"Cookie: {settings.SESSION_COOKIE_NAME}={session}; csrftoken={_TOKEN}\r\n\r\n"
        )
        self.writer.write(head.encode() + body)
        told = (await self.reader.readuntil(b"\r\n\r\n")).lower()
        length = re.search(rb"content-length: (\d+)", told)
        answer = await self.reader.readexactly(int(length[1])) if length else b""
        return int(told.split(b" ", 2)[1]), answer


async def _one(
    lines: "asyncio.Queue[_Line]", path: str, session: str, due: float, load: Load
) -> None:
    load.late += lines.empty()
    line = await lines.get()
    try:
        status, body = await line.post(path, session, b'{"kind": "any"}')
        passed = (time.perf_counter() - due) * 1000
        if status == 200:
            load.tasks.add(json.loads(body)["task_id"])
        elif status == 204:
            load.empty += 1
        else:
            load.faults.append(f"{status}: {body[:200]!r}")
        load.times.append(passed)
    except (OSError, asyncio.IncompleteReadError) as error:
        load.faults.append(repr(error))
    finally:
        lines.put_nowait(line)


def over_redundancy() -> int:
    """Tasks with more live leases and submissions than their redundancy, or a count that is off."""
    held = Q(assignments__holds_place=True) & Q(
        assignments__state__in=[Assignment.State.LEASED, Assignment.State.SUBMITTED]
    )
    recent = Assignment.objects.filter(state=Assignment.State.LEASED).values("task")
    return (
        Task.objects.filter(pk__in=recent)
        .annotate(held=Count("assignments", filter=held))
        .filter(Q(held__gt=F("redundancy")) | ~Q(held=F("places_taken")))
        .count()
    )


def give_back() -> None:
    """The leases of this run end, so that the next one begins as this one did."""
    leased = Assignment.objects.filter(state=Assignment.State.LEASED)
    touched = list(leased.filter(holds_place=True).values_list("task", flat=True).distinct())
    with transaction.atomic():
        leased.delete()
        handed_in = dict(
            Assignment.objects.filter(task__in=touched, holds_place=True)
            .values_list("task")
            .annotate(n=Count("pk"))
        )
        for task in touched:
            Task.objects.filter(pk=task).update(places_taken=handed_in.get(task, 0))
    Session.objects.all().delete()
