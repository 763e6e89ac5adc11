"""Jobs: the row is the truth, the broker is only a doorbell."""

import uuid

from django.db import models


class JobState(models.TextChoices):
    QUEUED = "queued", "waiting"
    RUNNING = "running", "running"
    DONE = "done", "done"
    FAILED = "failed", "failed"
    CANCELLED = "cancelled", "cancelled"


class Job(models.Model):
    """One piece of work for a worker.

    A worker owns a running job only while ``lease_token`` is its own and ``lease_until`` lies
    ahead; every write it makes is conditional on that token, so a worker that was thought dead
    and comes back can no longer record anything.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=40)
    params = models.JSONField(default=dict)
    queue = models.CharField(max_length=20)
    # Two jobs of the same key are the same work; the key is freed when the job ends.
    key = models.CharField(max_length=200, unique=True, null=True, blank=True)  # noqa: DJ001
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
        ]

    def __str__(self) -> str:
        return f"{self.title} ({self.state})"

    @property
    def ended(self) -> bool:
        return self.state in (JobState.DONE, JobState.FAILED, JobState.CANCELLED)
