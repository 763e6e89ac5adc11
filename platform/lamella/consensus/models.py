"""The agreed mask of a task, and what a manager made of it."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from lamella.accounts.models import Volunteer
from lamella.annotation.models import Correction
from lamella.rounds.models import Task
from lamella.studies.models import Study

CONTESTED_BELOW = 0.8
"""Mean pairwise Dice below which volunteers are said to disagree."""


class SkillVersion(models.Model):
    """A moment at which skills were refreshed from finished tasks. Skills carry across studies."""

    created = models.DateTimeField(auto_now_add=True)
    tasks = models.PositiveIntegerField(help_text="finished tasks that were new or had changed")

    def __str__(self) -> str:
        return f"skills {self.pk}"


class Skill(models.Model):
    """A volunteer's tally from some version on, until a later row of theirs."""

    version = models.ForeignKey(SkillVersion, on_delete=models.PROTECT, related_name="skills")
    volunteer = models.ForeignKey(
        Volunteer,
        null=True,
        on_delete=models.CASCADE,
        related_name="skills",
        help_text="empty: what was shown, counted as if proposals were a volunteer",
    )
    tally = models.JSONField(help_text="counts of models.crowd.skills.Tally that are not 0")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["volunteer", "version"],
                name="one_skill_a_version",
                nulls_distinct=False,
            )
        ]

    def __str__(self) -> str:
        return f"skill of {self.volunteer or 'proposals'} at {self.version}"


class Evidence(models.Model):
    """What one finished task says of one volunteer. Skills are sums of it."""

    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="evidence")
    volunteer = models.ForeignKey(
        Volunteer, null=True, on_delete=models.CASCADE, related_name="evidence"
    )
    correction = models.ForeignKey(
        Correction,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="evidence",
        help_text="of a gold task, which tells of everybody apart: the mask it was read from",
    )
    tally = models.JSONField()
    stale = models.BooleanField(
        default=False, help_text="its masks no longer count, or its task is open again"
    )
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["task", "volunteer"],
                name="one_evidence_a_task_and_volunteer",
                nulls_distinct=False,
            )
        ]
        indexes = [
            models.Index(fields=["volunteer", "-id"], name="newest_evidence"),
            models.Index(fields=["id"], condition=Q(stale=True), name="stale_evidence"),
        ]

    def __str__(self) -> str:
        return f"evidence of {self.task}"


class Consensus(models.Model):
    """What the corrections of a task agree on; a newer one replaces it, none is changed."""

    task = models.ForeignKey(Task, on_delete=models.PROTECT, related_name="consensuses")
    current = models.BooleanField(default=True)
    aggregator = models.CharField(max_length=30)
    skills = models.ForeignKey(
        SkillVersion,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="consensuses",
        help_text="the skills it was made with; empty where none were known or asked for",
    )
    # In the order they were used: replaying them, with these skills and terms, gives the same
    # result.
    corrections = models.JSONField(default=list)
    terms = models.JSONField(
        default=dict,
        help_text="settings it was made with (models.config.CrowdConfig), and the code",
    )
    left_out = models.JSONField(
        default=list, help_text="a sentence for each mask that could not be used"
    )
    mask = models.BinaryField(help_text="packed mask (codec)")
    mask_hash = models.CharField(max_length=64)
    probability = models.BinaryField(
        blank=True, help_text="packed uint8 map: share of votes for the agreed value"
    )
    alike = models.JSONField(
        default=dict, help_text="volunteer -> mean agreement with the others, 0 to 1"
    )
    agreement = models.FloatField(help_text="mean pairwise Dice of the corrections; 1 for one")
    expected_error = models.FloatField(
        null=True, blank=True, help_text="expected 1 - Dice; empty where it is not estimated"
    )
    changed_share = models.FloatField(help_text="share of voxels that differ from the proposal")
    action = models.CharField(max_length=10, choices=[("ask", "ask"), ("retire", "retire")])
    reason = models.CharField(max_length=200)
    needs_review = models.BooleanField(
        default=False, help_text="something it depended on was rolled back"
    )
    judged = models.BooleanField(default=False, help_text="skills were learned from it")
    fixed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        help_text="the manager who drew it, if one did",
    )
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["task"], condition=Q(current=True), name="one_current_consensus_a_task"
            )
        ]
        indexes = [
            # What skills are still to be learned from is little beside all there is.
            models.Index(fields=["id"], condition=Q(current=True, judged=False), name="to_judge"),
            # Most are agreed on well: these are few.
            models.Index(
                fields=["task"],
                condition=Q(current=True, agreement__lt=CONTESTED_BELOW),
                name="contested_tasks",
            ),
            models.Index(
                fields=["id"], condition=Q(current=True, needs_review=True), name="in_doubt"
            ),
        ]
        verbose_name_plural = "consensuses"

    def __str__(self) -> str:
        return f"consensus {self.pk} of {self.task}"


class Contested(models.Model):
    """An object of a current consensus on which people differ."""

    consensus = models.ForeignKey(Consensus, on_delete=models.CASCADE, related_name="contested")
    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="+")
    value = models.PositiveBigIntegerField(help_text="class; 0 where values are object ids")
    y = models.FloatField(help_text="its middle, in voxels of the slice")
    x = models.FloatField()
    area = models.PositiveIntegerField(help_text="voxels")
    shown = models.BooleanField(help_text="whether the proposal had it")
    drawn = models.PositiveIntegerField(help_text="people whose mask has it")
    views = models.PositiveIntegerField(help_text="people who looked")
    false_positive = models.FloatField(help_text="how likely it is not there")
    doubt = models.FloatField(help_text="1 where it may as well be there as not, 0 where sure")

    class Meta:
        verbose_name_plural = "contested objects"
        indexes = [models.Index(fields=["study", "-doubt", "id"], name="most_contested")]

    def __str__(self) -> str:
        return f"object at {self.y:.0f}, {self.x:.0f} of {self.consensus}"


class Verdict(models.Model):
    class Kind(models.TextChoices):
        ACCEPT = "accept", _("accepted")
        SEND_BACK = "send_back", _("sent back")
        FIX = "fix", _("fixed")

    consensus = models.ForeignKey(Consensus, on_delete=models.PROTECT, related_name="verdicts")
    # The consensus' own study, so that the trail of a study is read without passing other studies.
    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="verdicts")
    kind = models.CharField(max_length=10, choices=Kind)
    note = models.CharField(max_length=300, blank=True)
    manager = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="verdicts"
    )
    # For a fix: the consensus that the manager's mask made.
    result = models.ForeignKey(
        Consensus, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    batch = models.UUIDField(
        null=True, blank=True, help_text="verdicts that were given at once share it"
    )
    created = models.DateTimeField(auto_now_add=True)
    undone = models.DateTimeField(null=True, blank=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )

    class Meta:
        indexes = [
            models.Index(fields=["study", "-id"], name="verdict_trail"),
            models.Index(
                fields=["batch", "id"], condition=Q(batch__isnull=False), name="verdict_batch"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} on {self.consensus}"
