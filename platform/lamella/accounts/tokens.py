"""API tokens: made once, shown once, kept as a hash."""

import hashlib
import secrets

from django.db.models import QuerySet
from django.utils import timezone

from lamella.accounts.models import ApiToken, User

PREFIX = "lam_"


def hash_of(secret: str) -> str:
    """SHA-256 of a secret; tokens are random enough that no salt or slow hash is needed."""
    return hashlib.sha256(secret.encode()).hexdigest()


def create(user: User, name: str) -> tuple[ApiToken, str]:
    """A new token and its secret, which nobody can read again."""
    secret = PREFIX + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        user=user, name=name, prefix=secret[:8], token_hash=hash_of(secret)
    )
    return token, secret


def of_user(user: User) -> QuerySet[ApiToken]:
    """A person's tokens that work, the newest first."""
    return user.tokens.filter(revoked__isnull=True).order_by("-created")


def revoke(token: ApiToken) -> None:
    ApiToken.objects.filter(pk=token.pk, revoked__isnull=True).update(revoked=timezone.now())


def user_of(secret: str) -> User | None:
    """The account behind a secret, or None when it is unknown, revoked or switched off."""
    token = (
        ApiToken.objects.select_related("user")
        .filter(token_hash=hash_of(secret), revoked__isnull=True, user__is_active=True)
        .first()
    )
    if token is None:
        return None
    ApiToken.objects.filter(pk=token.pk).update(last_used=timezone.now())
    return token.user
