"""Jobs: the row is the truth, the broker is only a doorbell."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _


class JobState(models.TextChoices):
    QUEUED = "queued", _("waiting")
    RUNNING = "running", _("running")
    DONE = "done", _("done")
    FAILED = "failed", _("failed")
    CANCELLED = "cancelled", _("cancelled")


class Job(models.Model):
    """One piece of work for a worker.

    A worker owns a running job while ``lease_token`` is its own. It keeps ``lease_until`` ahead
    by its heartbeat; once that has lapsed, the reconciler takes the token away. Every write of a
    worker is conditional on the token, so one that was thought dead and comes back can no longer
    record anything.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=40)
    params = models.JSONField(default=dict)
    queue = models.CharField(max_length=20)
    # Two jobs of the same key are the same work: one of them may wait and one may run, no more.
    key = models.CharField(max_length=200, blank=True)
    scope = models.CharField(max_length=100, blank=True, help_text="slug of the study it serves")
    title = models.CharField(max_length=200)

    state = models.CharField(max_length=10, choices=JobState, default=JobState.QUEUED)
    attempts = models.PositiveIntegerField(default=0)
    max_attempts = models.PositiveIntegerField(default=5)
    lease_token = models.UUIDField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    worker = models.CharField(max_length=100, blank=True)
    cancel_requested = models.BooleanField(default=False)

    progress = models.FloatField(default=0.0, help_text="0 to 1")
    message = models.CharField(max_length=300, blank=True)
    result = models.JSONField(default=dict, blank=True)
    error = models.TextField(blank=True, help_text="one plain sentence")
    traceback = models.TextField(blank=True)

    created = models.DateTimeField(auto_now_add=True)
    not_before = models.DateTimeField(null=True, blank=True)
    rung = models.DateTimeField(null=True, blank=True, help_text="when the broker was last told")
    started = models.DateTimeField(null=True, blank=True)
    finished = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["state", "lease_until"]),
            models.Index(fields=["scope", "-created"]),
            models.Index(fields=["-created"]),
            models.Index(fields=["key", "-created"]),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["key"], condition=Q(state="queued") & ~Q(key=""), name="one_waiting_a_key"
            ),
            models.UniqueConstraint(
                fields=["key"], condition=Q(state="running") & ~Q(key=""), name="one_running_a_key"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title} ({self.state})"

    @property
    def ended(self) -> bool:
        return self.state in (JobState.DONE, JobState.FAILED, JobState.CANCELLED)

    @property
    def stopping(self) -> bool:
        """Told to stop, while its worker has not yet done so."""
        return self.cancel_requested and self.state == JobState.RUNNING

    @property
    def state_word(self) -> str:
        return gettext("stopping") if self.stopping else str(self.get_state_display())


class JobLog(models.Model):
    """What a job said while it ran, of all its attempts: see logs.py."""

    job = models.OneToOneField(Job, on_delete=models.CASCADE, primary_key=True, related_name="log")
    # Lines. Of a long log the middle is left out.
    first = models.JSONField(default=list)
    last = models.JSONField(default=list)
    left_out = models.PositiveIntegerField(default=0, help_text="lines between first and last")

    def __str__(self) -> str:
        return f"log of {self.job}"


class Beat(models.Model):
    """When the scheduler or a worker was last heard of: see beats.py."""

    name = models.CharField(max_length=120, primary_key=True)
    queue = models.CharField(max_length=20, blank=True, help_text="that a worker serves")
    seen = models.DateTimeField()
    load = models.JSONField(default=dict, help_text="of its machine")

    def __str__(self) -> str:
        return self.name
