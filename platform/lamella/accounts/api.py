"""One's own account: the name one is thanked by, and tokens for programs."""

from datetime import datetime
from typing import Annotated

from django.http import HttpRequest
from ninja import Field, Router, Schema, Status
from ninja.errors import HttpError

from lamella.accounts import services, tokens
from lamella.accounts.access import browser_auth, require_account
from lamella.accounts.models import ApiToken, Digest, User

router = Router(tags=["account"])


class AccountOut(Schema):
    """``credit_name``: where a study thanks its volunteers; empty for those who stay unnamed.
    ``language``: code of the language of the pages; empty for what the browser asks for.
    ``is_staff``: whether the person administers the whole installation."""

    username: str
    credit_name: str
    email: str
    language: str
    digest: str
    is_staff: bool


class AccountIn(Schema):
    """What is left out, or null, stays. The mail address serves to reset the password, and for
    digests of what the person has not seen, as often as ``digest`` says."""

    credit_name: Annotated[str, Field(max_length=100)] | None = None
    email: Annotated[str, Field(max_length=254)] | None = None
    language: Annotated[str, Field(max_length=10)] | None = None
    digest: Digest | None = None


class TokenIn(Schema):
    """``name``: what the token is for, to know later which one to revoke."""

    name: Annotated[str, Field(min_length=1, max_length=100, pattern=r"\S")]


class TokenOut(Schema):
    """``prefix``: the first characters of the secret."""

    id: int
    name: str
    prefix: str
    created: datetime
    last_used: datetime | None


class NewTokenOut(TokenOut):
    """``secret`` is shown this once and never again."""

    secret: str


@router.get("/account", response=AccountOut, summary="One's own account")
def account(request: HttpRequest) -> User:
    """Who the session or the token belongs to."""
    return require_account(request)


@router.patch(
    "/account", response=AccountOut, auth=browser_auth, summary="Change one's own account"
)
def change_account(request: HttpRequest, body: AccountIn) -> User:
    """With the session of a browser, not with a token: whoever can change the mail address can
    reset the password."""
    user = require_account(request)
    services.change_profile(user, **body.model_dump(exclude_none=True))
    return user


@router.get("/account/tokens", response=list[TokenOut], summary="One's own tokens")
def list_tokens(request: HttpRequest) -> list[ApiToken]:
    """Those that work, the newest first."""
    return list(tokens.of_user(require_account(request)))


@router.post(
    "/account/tokens", response={201: NewTokenOut}, auth=browser_auth, summary="Make a token"
)
def create_token(request: HttpRequest, body: TokenIn) -> Status[NewTokenOut]:
    """With the session of a browser, not with a token: a token makes no others."""
    token, secret = tokens.create(require_account(request), body.name.strip())
    return Status(201, NewTokenOut(**TokenOut.from_orm(token).model_dump(), secret=secret))


@router.delete("/account/tokens/{int:token_id}", response={204: None}, summary="Revoke a token")
def revoke_token(request: HttpRequest, token_id: int) -> Status[None]:
    """From then on it opens nothing."""
    token = tokens.of_user(require_account(request)).filter(pk=token_id).first()
    if token is None:
        raise HttpError(404, "You have no such token, or it was revoked already.")
    tokens.revoke(token)
    return Status(204, None)
