"""Who is asking: an account by session or token, or an anonymous volunteer by session."""

import secrets
from collections.abc import Callable
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet
from django.http import HttpRequest
from ninja.errors import HttpError
from ninja.security import HttpBearer
from ninja.utils import check_csrf

from lamella.accounts import tokens
from lamella.accounts.models import User, Volunteer

_SESSION_SECRET = "volunteer_secret"  # noqa: S105 - the name of a session entry


class TokenAuth(HttpBearer):
    """`Authorization: Bearer <token>`."""

    def authenticate(self, request: HttpRequest, token: str) -> Any | None:
        user = tokens.user_of(token)
        if user is None:
            raise HttpError(401, "This access token is unknown or was revoked; make a new one.")
        request.user = user
        return user


def session_auth(request: HttpRequest) -> User | AnonymousUser:
    """The session's user, who may be nobody; what nobody may do is decided by each endpoint.

    Unlike a token, a cookie travels with forged requests, so changes need the CSRF token.
    """
    if request.method not in ("GET", "HEAD", "OPTIONS"):
        refused = check_csrf(request, lambda: None)
        if refused is not None:
            raise HttpError(403, "The page is out of date; reload it and try again.")
    # A user that is nobody must still pass: ninja takes any truthy value for success.
    return request.user


# Tokens are tried first, so that a request with a token never needs a CSRF token.
ANYBODY: list[Callable[..., Any]] = [TokenAuth(), session_auth]


def browser_auth(request: HttpRequest) -> User | AnonymousUser:
    """The session's user; for what a token in the wrong hands must not do."""
    if "Authorization" in request.headers:
        raise HttpError(
            403,
            "This is for people who are signed in with a browser: a token can neither make "
            "another one nor change the account.",
        )
    return session_auth(request)


def account_of(request: HttpRequest) -> User | None:
    """The signed-in account, or None."""
    user = request.user
    return user if isinstance(user, User) and user.is_authenticated else None


def require_account(request: HttpRequest) -> User:
    """The account behind a request to the API; without one the answer is 401."""
    user = account_of(request)
    if user is None:
        raise HttpError(401, "This needs an account: sign in first, or send an access token.")
    return user


def volunteer_for(
    request: HttpRequest, *, create: bool = True, among: QuerySet[Volunteer] | None = None
) -> Volunteer | None:
    """The pseudonym of whoever asks: of the account, or of the anonymous session.

    With ``create`` an unknown one is made, and the session remembers its secret. ``among``: all
    volunteers, with what else is to be read of this one.
    """
    everybody = Volunteer.objects.all() if among is None else among
    user = account_of(request)
    if user is not None:
        found = everybody.filter(user=user).first()
        if found is None and create:
            found = everybody.get(pk=Volunteer.objects.get_or_create(user=user)[0].pk)
        if found is not None:
            # Known already, and not read again.
            found.user = user
        return found
    secret = request.session.get(_SESSION_SECRET)
    if secret is None:
        if not create:
            return None
        secret = secrets.token_urlsafe(24)
        request.session[_SESSION_SECRET] = secret
    known = everybody.filter(session_hash=tokens.hash_of(secret)).first()
    if known is not None or not create:
        return known
    made = Volunteer.objects.get_or_create(session_hash=tokens.hash_of(secret))[0]
    return everybody.get(pk=made.pk)


def anonymous_volunteer(request: HttpRequest) -> Volunteer | None:
    """The pseudonym of the session's anonymous work, even when somebody has signed in since."""
    secret = request.session.get(_SESSION_SECRET)
    if secret is None:
        return None
    return Volunteer.objects.filter(session_hash=tokens.hash_of(secret)).first()


def claim_anonymous_work(request: HttpRequest, user: User) -> bool:
    """Let an account take over what its session did before. True if there was anything.

    Only an account without work of its own can take the pseudonym over as it is; otherwise two
    pseudonyms would both have seen the same task, and "nobody sees a task twice" would break.
    """
    anonymous = anonymous_volunteer(request)
    if anonymous is None or anonymous.user_id is not None:
        return False
    own = Volunteer.objects.filter(user=user).first()
    if own is not None:
        if own.assignments.exists():
            return False
        own.delete()
    return bool(
        Volunteer.objects.filter(pk=anonymous.pk, user__isnull=True).update(
            user=user, session_hash=None
        )
    )
