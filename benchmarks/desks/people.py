"""Accounts, anonymous sessions, and who they are in which study."""

import hashlib
from collections.abc import Iterator
from typing import Any

import numpy as np
from django.contrib.auth.hashers import make_password

from benchmarks.desks.bulk import Say, load
from benchmarks.desks.moments import Moments
from benchmarks.desks.sizes import STUDIES, Sizes
from lamella.accounts.models import ApiToken, User, Volunteer
from lamella.studies.models import Membership, Role

CAST = ("charlie", "dana", "bob", "root", "alice")
"""Charlie is in no study; Dana manages and Bob administers all; Root administers the installation;
Alice volunteers, and nobody has made more masks. The ids of the accounts are 1 to 5."""
ACCOUNTS = 0.8
"""Share of the volunteers who have an account; the others come with a session alone."""
PASSWORD = "lamella-bench-password"  # noqa: S105 - of a throw-away database


def volunteer_keys(sizes: Sizes) -> list[str]:
    """The pseudonyms, as 32 hexadecimal digits; the most active first."""
    return [hashlib.md5(b"v%d" % n).hexdigest() for n in range(sizes.volunteers)]  # noqa: S324


def accounts(sizes: Sizes) -> int:
    """How many of the volunteers have an account: those whose number is below."""
    return round(sizes.volunteers * ACCOUNTS)


def user_of(volunteer: int) -> int:
    """The account's id of a volunteer by number."""
    return len(CAST) + volunteer


def make_people(sizes: Sizes, moments: Moments, rng: np.random.Generator, say: Say) -> None:
    password = make_password(PASSWORD)
    joined = moments.spread(accounts(sizes) + len(CAST), rng)

    def users() -> Iterator[tuple[Any, ...]]:
        for number, name in enumerate(CAST[:-1]):
            staff = name == "root"
            yield (number + 1, name, "", "", password, staff, staff, joined[number])
        for number in range(accounts(sizes)):
            name = CAST[-1] if number == 0 else f"volunteer-{number}"
            credit = f"Helper {number}" if number % 3 == 0 else ""
            mail = f"{name}@example.org"
            yield (user_of(number), name, mail, credit, password, False, False, joined[number])

    load(
        User,
        ("id", "username", "email", "credit_name", "password", "is_staff", "is_superuser",
         "date_joined"),
        users(),
        say,
    )  # fmt: skip
    keys = volunteer_keys(sizes)
    with_account = accounts(sizes)
    load(
        Volunteer,
        ("id", "user", "session_hash", "created"),
        (
            (key, user_of(n), None, joined[n])
            if n < with_account
            else (key, None, hashlib.sha256(key.encode()).hexdigest(), joined[n % with_account])
            for n, key in enumerate(keys)
        ),
        say,
    )
    load(
        ApiToken,
        ("user", "name", "prefix", "token_hash", "created"),
        (
            (user_of(n), "napari", "lam_abcd", hashlib.sha256(b"t%d" % n).hexdigest(), joined[n])
            for n in range(0, with_account, 9)
        ),
        say,
    )


def make_members(sizes: Sizes, moments: Moments, rng: np.random.Generator, say: Say) -> None:
    """Once the studies are there."""
    joined = moments.spread(accounts(sizes), rng)
    load(Membership, ("study", "user", "role", "created"), _members(sizes, joined, rng), say)


def _members(
    sizes: Sizes, joined: list[str], rng: np.random.Generator
) -> Iterator[tuple[Any, ...]]:
    for study, shape in enumerate(STUDIES, start=1):
        yield study, 2, Role.MANAGER.value, joined[0]
        yield study, 3, Role.ADMIN.value, joined[0]
        wanted = max(4, round(sizes.volunteers * shape.members))
        # Alice and the most active are members everywhere.
        chosen = set(range(min(8, wanted)))
        chosen |= set(rng.choice(accounts(sizes), wanted, replace=False).tolist())
        for number in sorted(chosen):
            role = Role.MANAGER if number in (5, 6) else Role.VOLUNTEER
            yield study, user_of(number), role.value, joined[number]
