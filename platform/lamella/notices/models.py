"""What people are told: invitations to a study, announcements in it, and notices to each person."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from lamella.studies.models import Role, Study

TEXT_LENGTH = 600
PLACES = (1, 1000)


class Invitation(models.Model):
    """A link that makes whoever follows it, signed in, a member of a study.

    Only the hash of its secret is kept. With a mail address it is for one person; without one it
    may be handed to a class, for so many ``places``.
    """

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="invitations")
    role = models.CharField(max_length=10, choices=Role, default=Role.VOLUNTEER)
    email = models.EmailField(blank=True)
    token_hash = models.CharField(max_length=64, unique=True)
    places = models.PositiveIntegerField(default=1)
    taken = models.PositiveIntegerField(default=0)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created = models.DateTimeField(auto_now_add=True)
    expires = models.DateTimeField()
    revoked = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created"]
        constraints = [
            models.CheckConstraint(condition=Q(taken__lte=F("places")), name="no_more_than_places")
        ]

    def __str__(self) -> str:
        return f"invitation to {self.study} as {self.role}"


class Announcement(models.Model):
    """A word of the managers to everybody in a study; the newest ones stand on its home."""

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="announcements")
    text = models.CharField(max_length=TEXT_LENGTH)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created = models.DateTimeField(auto_now_add=True)
    withdrawn = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created"]

    def __str__(self) -> str:
        return f"announcement in {self.study}"


class Notice(models.Model):
    """Something that one person should know; its words are made when it is shown (wording.py)."""

    class Kind(models.TextChoices):
        ANNOUNCEMENT = "announcement", _("announcement")
        ROLE = "role", _("new role")
        JOINED = "joined", _("invitation accepted")
        ROUND = "round", _("round closed")
        STATE = "state", _("study paused, opened or finished")
        FAILURE = "failure", _("failed job")

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notices"
    )
    study = models.ForeignKey(Study, null=True, on_delete=models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=20, choices=Kind)
    params = models.JSONField(default=dict)
    created = models.DateTimeField(auto_now_add=True)
    read = models.DateTimeField(null=True, blank=True)
    mailed = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["user", "-id"], name="notices_of_one"),
            models.Index(fields=["user"], condition=Q(read__isnull=True), name="unread_notices"),
            models.Index(
                fields=["user"],
                condition=Q(read__isnull=True, mailed__isnull=True),
                name="notices_to_mail",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} for {self.user}"
