"""What is known of the people behind masks: how well they do, and whose masks do not count.

None of it is ever shown to anybody but the person themselves and the managers of the study.
"""

from django.conf import settings
from django.db import models
from django.db.models import Q

from lamella.accounts.models import Volunteer
from lamella.studies.models import Study


class Ability(models.Model):
    """A volunteer's newest skill, over all studies: what offers and pages read of it.

    Written with each version of skills (`lamella.consensus.learning`), where the evidence lies.
    """

    volunteer = models.OneToOneField(
        Volunteer, on_delete=models.CASCADE, primary_key=True, related_name="ability"
    )
    hit = models.FloatField(help_text="share of the needed changes that they make")
    false_alarm = models.FloatField(help_text="share of what should stay that they change")
    spread = models.FloatField(help_text="standard deviation of hit - false_alarm")
    edge = models.FloatField(help_text="root mean square error of their outlines, in pixels")
    bias = models.FloatField(default=0.0, help_text="how much too wide they draw, in pixels")
    tasks = models.FloatField(help_text="tasks' worth of evidence")
    needed = models.FloatField(default=0.0, help_text="changes that were needed, in objects")
    left = models.FloatField(default=0.0, help_text="of these, how many they left undone")
    skill = models.FloatField(help_text="hit - false_alarm: what lists are ordered by")
    updated = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name_plural = "abilities"

    def __str__(self) -> str:
        return f"ability of {self.volunteer}"

    @property
    def left_share(self) -> float | None:
        """Share of what was wrong that they left; None where nothing was wrong yet."""
        return self.left / self.needed if self.needed else None


class Quarantine(models.Model):
    """A volunteer's masks of a study do not count until a manager says otherwise.

    Nothing is deleted; those that are lifted stay on record.
    """

    volunteer = models.ForeignKey(Volunteer, on_delete=models.CASCADE, related_name="quarantines")
    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="quarantines")
    reason = models.CharField(max_length=300)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="empty: the platform itself, or somebody who left",
    )
    automatic = models.BooleanField(default=False)
    created = models.DateTimeField(auto_now_add=True)
    lifted = models.DateTimeField(null=True, blank=True)
    lifted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["volunteer", "study"],
                condition=Q(lifted__isnull=True),
                name="one_quarantine_at_a_time",
            )
        ]

    def __str__(self) -> str:
        return f"quarantine of {self.volunteer} in {self.study}"
