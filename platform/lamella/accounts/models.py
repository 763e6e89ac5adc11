"""People: accounts, the pseudonyms their work stands under, and API tokens."""

import uuid

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _


class Digest(models.TextChoices):
    """How often a person is written to about what they have not seen in the page."""

    DAILY = "daily", _("once a day at most")
    WEEKLY = "weekly", _("once a week at most")
    OFF = "off", _("never")


class User(AbstractUser):
    """An account. ``is_staff`` marks an admin of the whole installation."""

    # Replies and certificates of thanks use this name; it is empty until the person gives one.
    credit_name = models.CharField(max_length=100, blank=True)

    # Code of the language that pages are shown in; empty for what the browser asks for.
    language = models.CharField(max_length=10, blank=True)

    digest = models.CharField(max_length=10, choices=Digest, default=Digest.DAILY)
    digest_sent = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.username


class Volunteer(models.Model):
    """The pseudonym that corrections point at.

    It points on to an account, to an anonymous session, or, after erasure, to nobody.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.OneToOneField(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="volunteer"
    )
    # SHA-256 of the anonymous session's secret, so the table alone lets nobody impersonate.
    session_hash = models.CharField(max_length=64, unique=True, null=True, blank=True)
    paused = models.BooleanField(default=False)
    created = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"volunteer {str(self.id)[:8]}"


class ApiToken(models.Model):
    """A bearer token; only its hash is kept."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=8, help_text="first characters, to recognise it")
    token_hash = models.CharField(max_length=64, unique=True)
    created = models.DateTimeField(auto_now_add=True)
    last_used = models.DateTimeField(null=True, blank=True)
    revoked = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"
