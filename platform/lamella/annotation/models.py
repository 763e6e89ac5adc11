"""Leases of tasks to volunteers, and the corrections they make."""

import uuid
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from lamella.accounts.models import Volunteer
from lamella.annotation.models_people import Ability, Quarantine
from lamella.cubes.models import Cube
from lamella.rounds.models import Task
from lamella.studies.models import Study

__all__ = [
    "Ability",
    "Assignment",
    "Correction",
    "Favourite",
    "Participation",
    "Quarantine",
]


class Assignment(models.Model):
    """A lease of one task to one volunteer. Nobody is ever given the same task twice."""

    class State(models.TextChoices):
        LEASED = "leased", _("leased")
        SUBMITTED = "submitted", _("submitted")
        EXPIRED = "expired", _("expired")
        RELEASED = "released", _("released")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="assignments")
    volunteer = models.ForeignKey(Volunteer, on_delete=models.PROTECT, related_name="assignments")
    state = models.CharField(max_length=10, choices=State, default=State.LEASED)
    practice = models.BooleanField(default=False, help_text="a gold task, for feedback alone")
    # Whether this lease fills one of the task's places; late and practice work does not.
    holds_place = models.BooleanField(default=True)
    created = models.DateTimeField(auto_now_add=True)
    lease_until = models.DateTimeField()
    ended = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["task", "volunteer"], name="nobody_gets_a_task_twice")
        ]
        indexes = [
            models.Index(fields=["state", "lease_until"]),
            # What one has in hand: found without going through all that others have.
            models.Index(fields=["volunteer"], condition=Q(state="leased"), name="leased_to"),
            # What one had of a study last: for practice, and for the cube one knows.
            models.Index(fields=["volunteer", "-ended"], name="newest_assignments"),
            # Practice is little beside the work.
            models.Index(
                fields=["volunteer"], condition=Q(practice=True), name="practice_of_volunteer"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.task} to {self.volunteer} ({self.state})"


class Corrections(models.QuerySet["Correction"]):
    """Masks of volunteers."""

    def counting(self) -> Self:
        """Those that count: neither called back, nor withdrawn, nor in quarantine."""
        return self.filter(
            superseded_by__isnull=True, withdrawn__isnull=True, quarantine__isnull=True
        )


class Correction(models.Model):
    """A volunteer's mask for a task. Immutable: a recall makes a new one that supersedes it."""

    # Made by the client: the idempotency key.
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    assignment = models.ForeignKey(Assignment, on_delete=models.PROTECT, related_name="corrections")
    task = models.ForeignKey(Task, on_delete=models.PROTECT, related_name="corrections")
    volunteer = models.ForeignKey(Volunteer, on_delete=models.PROTECT, related_name="corrections")
    supersedes = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="superseded_by"
    )
    # Packed full mask (codec), so that it outlives its proposal; large ones spill to a file.
    mask = models.BinaryField(blank=True)
    mask_file = models.CharField(max_length=300, blank=True)
    mask_hash = models.CharField(max_length=64)
    difference = models.BinaryField(help_text="packed XOR of mask and proposal")
    proposal_hash = models.CharField(max_length=64)
    changed_voxels = models.PositiveIntegerField()
    active_seconds = models.FloatField()
    strokes = models.PositiveIntegerField()
    flag = models.CharField(max_length=10, blank=True, choices=[("hard", "hard")])
    comment = models.CharField(max_length=500, blank=True)
    consent_version = models.CharField(max_length=20)
    mended = models.BooleanField(
        null=True, help_text="whether the error planted in a gold task was put right; else empty"
    )
    gold_dice = models.FloatField(
        null=True, blank=True, help_text="of practice: how alike it is to the experts' mask"
    )
    late = models.BooleanField(default=False, help_text="came after its lease or the retirement")
    withdrawn = models.DateTimeField(null=True, blank=True)
    quarantine = models.ForeignKey(
        Quarantine,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="corrections",
        help_text="while it is set, this mask does not count",
    )
    created = models.DateTimeField(auto_now_add=True)

    objects = Corrections.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["task", "created"]),
            # Those of which somebody said something are few beside all there are.
            models.Index(fields=["task"], condition=~Q(flag="", comment=""), name="remarked"),
            models.Index(fields=["volunteer", "-created"], name="newest_corrections"),
            # Of the last days, over all studies.
            models.Index(fields=["created"], name="corrections_in_time"),
            # Errors are planted in practice alone.
            models.Index(
                fields=["volunteer"], condition=Q(mended__isnull=False), name="planted_for"
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["assignment"],
                condition=Q(supersedes__isnull=True),
                name="one_first_correction_an_assignment",
            )
        ]

    def __str__(self) -> str:
        return f"correction {str(self.id)[:8]} of {self.task}"


class Participation(models.Model):
    """A volunteer in a study: what they did there in short, and whether they are paused.

    Written with every mask, so that lists of volunteers need not go through all masks.
    """

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="participations")
    volunteer = models.ForeignKey(
        Volunteer, on_delete=models.CASCADE, related_name="participations"
    )
    corrections = models.PositiveIntegerField(default=0)
    # Of first masks, counted as they come in (watching); what is withdrawn stays in them.
    unedited = models.PositiveIntegerField(default=0, help_text="handed in as they were shown")
    quick = models.PositiveIntegerField(default=0, help_text="unedited, with hardly a look")
    floods = models.PositiveIntegerField(default=0, help_text="nearly all of it foreground")
    copies = models.PositiveIntegerField(
        default=0, help_text="drawn, and equal voxel by voxel to another task's or person's mask"
    )
    seconds = models.FloatField(default=0.0)
    last = models.DateTimeField(null=True, blank=True)
    # What each offer asks, so that it need not look through what they handed in.
    since_practice = models.PositiveIntegerField(
        default=0, help_text="slices handed in since the last one of practice"
    )
    practised = models.PositiveIntegerField(
        default=0, null=True, help_text="practice masks that count; empty until they were looked at"
    )
    practice_dice = models.FloatField(
        null=True, blank=True, help_text="mean Dice of these masks with the experts'"
    )
    paused = models.DateTimeField(null=True, blank=True, help_text="gets no tasks since")
    paused_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    paused_why = models.CharField(max_length=300, blank=True, help_text="the volunteer reads it")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["study", "volunteer"], name="one_participation_a_study")
        ]
        indexes = [
            models.Index(fields=["study", "-last", "id"], name="latest_volunteers"),
            models.Index(fields=["study", "-corrections", "id"], name="busiest_volunteers"),
        ]

    def __str__(self) -> str:
        return f"{self.volunteer} in {self.study}"


class Favourite(models.Model):
    """A slice that a volunteer likes and wants to find again."""

    volunteer = models.ForeignKey(Volunteer, on_delete=models.CASCADE, related_name="favourites")
    cube = models.ForeignKey(Cube, on_delete=models.CASCADE, related_name="favourites")
    z = models.PositiveIntegerField()
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["volunteer", "cube", "z"], name="one_favourite_a_slice")
        ]

    def __str__(self) -> str:
        return f"slice {self.z} of {self.cube}"
