"""Rounds of selection, the tasks they send out, and the certificates they earn."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from lamella.cubes.models import Cube
from lamella.learning.models import Proposal
from lamella.studies.models import Study


class Round(models.Model):
    """One pass of selection; what it chose from is in ``candidates``."""

    class State(models.TextChoices):
        OPEN = "open", _("open")
        CLOSED = "closed", _("closed")

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="rounds")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    strategy = models.CharField(max_length=40)
    seed = models.PositiveIntegerField()
    # How the choice was made, and the order of those that were not chosen: see loop.selecting.
    selection = models.JSONField(default=dict)
    figures = models.JSONField(default=dict, help_text="what the round was worth, once closed")
    opened = models.DateTimeField(auto_now_add=True)
    closed = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["study", "number"], name="one_round_a_number"),
            models.UniqueConstraint(
                fields=["study"], condition=Q(state="open"), name="one_open_round"
            ),
        ]

    def __str__(self) -> str:
        return f"round {self.number} of {self.study}"


class Candidates(models.Model):
    """Every place that a round could have sent out, with its scores: see loop.candidate_table.

    Apart from the round, which pages and volunteers' requests read all the time.
    """

    round = models.OneToOneField(
        Round, on_delete=models.CASCADE, primary_key=True, related_name="candidates"
    )
    table = models.BinaryField()

    class Meta:
        verbose_name_plural = "candidates"

    def __str__(self) -> str:
        return f"candidates of {self.round}"


WAITS = Q(state="retired") & ~Q(kind="gold")
"""Agreed on, and not yet judged by a manager."""


class Task(models.Model):
    """The unit of a volunteer's work: a slice, or a tile of one, with the proposal it shows."""

    class Kind(models.TextChoices):
        WORK = "work", _("chosen")
        AUDIT = "audit", _("random audit")
        GOLD = "gold", _("gold")

    class State(models.TextChoices):
        OPEN = "open", _("open")
        RETIRED = "retired", _("agreed")
        ACCEPTED = "accepted", _("accepted")
        SENT_BACK = "sent_back", _("sent back")

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="tasks")
    round = models.ForeignKey(
        Round,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="tasks",
        help_text="empty for gold tasks, which belong to no round",
    )
    cube = models.ForeignKey(Cube, on_delete=models.CASCADE, related_name="tasks")
    proposal = models.ForeignKey(
        Proposal,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="tasks",
        help_text="empty: drawn from nothing",
    )
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.WORK)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    z = models.PositiveIntegerField()
    y0 = models.PositiveIntegerField(default=0)
    x0 = models.PositiveIntegerField(default=0)
    height = models.PositiveIntegerField()
    width = models.PositiveIntegerField()

    # Places: live leases and submissions may fill `redundancy` of them, never more.
    redundancy = models.PositiveIntegerField(default=3)
    places_taken = models.PositiveIntegerField(default=0)
    extra = models.BooleanField(
        default=False, help_text="added so that nobody waits; the round does not wait for it"
    )
    priority = models.FloatField(default=0.0, help_text="higher is offered first")
    score = models.FloatField(null=True, blank=True)
    scores = models.JSONField(default=dict)
    # What the review queue orders and filters by, written with the consensus (consensus.standing).
    risk = models.FloatField(
        default=0.0, help_text="expected error plus disagreement of its consensus; only orders"
    )
    expected_error = models.FloatField(
        null=True,
        blank=True,
        help_text="expected 1 - Dice of its consensus; empty where nothing estimates it",
    )
    holds = models.BigIntegerField(
        default=0, help_text="classes that its consensus or proposal holds, a bit each"
    )
    reason = models.CharField(max_length=200, help_text="why it was chosen, in words")
    inclusion = models.FloatField(
        null=True, blank=True, help_text="an audit task's probability of being drawn"
    )
    blind = models.BooleanField(
        default=False,
        help_text="an audit drawn from nothing: it certifies, and nothing ever learns from it",
    )
    planted = models.BinaryField(
        blank=True,
        help_text="packed mask that a gold task shows in place of its proposal: the experts', with "
        "one object too few or too many, to see whether people look",
    )
    # What was written on the way back from review, shown to the volunteers who take it next.
    note = models.CharField(max_length=300, blank=True)
    created = models.DateTimeField(auto_now_add=True)
    retired = models.DateTimeField(null=True, blank=True)
    retire_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["study", "state", "-priority", "id"], name="task_offer"),
            # What has a free place, as most volunteers are offered it: blind tiles at the end.
            models.Index(
                fields=["study", "blind", "-priority", "id"],
                condition=Q(state="open", places_taken__lt=F("redundancy")) & ~Q(kind="gold"),
                name="task_free",
            ),
            models.Index(fields=["round", "state"]),
            models.Index(fields=["cube", "z"]),
            # The review queue, whole and by what it is filtered by most: a page of it is read from
            # the index, however many tasks wait.
            models.Index(fields=["study", "-risk", "id"], condition=WAITS, name="review_study"),
            models.Index(fields=["cube", "-risk", "id"], condition=WAITS, name="review_cube"),
            models.Index(fields=["round", "-risk", "id"], condition=WAITS, name="review_round"),
            models.Index(
                fields=["study", "expected_error", "id"], condition=WAITS, name="sure_first"
            ),
            # What was agreed on last.
            models.Index(
                fields=["study", "-retired"],
                condition=Q(retired__isnull=False),
                name="agreed_latest",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["round", "cube", "z", "y0", "x0"],
                condition=Q(blind=False),
                name="one_task_a_place_and_round",
            ),
            models.UniqueConstraint(
                fields=["cube", "z", "y0", "x0"],
                condition=Q(blind=True),
                name="one_blind_task_a_place",
            ),
            models.CheckConstraint(
                condition=Q(places_taken__lte=F("redundancy")), name="never_over_redundancy"
            ),
        ]

    def __str__(self) -> str:
        return f"slice {self.z} of {self.cube} ({self.state})"


class Certificate(models.Model):
    """An estimate of one cube's quality from audit tasks, with its 95 % interval.

    The intervals of all of a cube's certificates hold together (quality.spending), so the bound may
    be looked at after every round.
    """

    cube = models.ForeignKey(Cube, on_delete=models.CASCADE, related_name="certificates")
    round = models.ForeignKey(Round, on_delete=models.CASCADE, related_name="certificates")
    proposal = models.ForeignKey(Proposal, on_delete=models.PROTECT, related_name="certificates")
    method = models.CharField(max_length=60)
    dice = models.FloatField(null=True, blank=True)
    low = models.FloatField(null=True, blank=True)
    high = models.FloatField(null=True, blank=True)
    completeness = models.FloatField(null=True, blank=True, help_text="share of objects found")
    completeness_low = models.FloatField(null=True, blank=True)
    completeness_high = models.FloatField(null=True, blank=True)
    purity = models.FloatField(
        null=True, blank=True, help_text="share of the mask's objects that are there"
    )
    purity_low = models.FloatField(null=True, blank=True)
    purity_high = models.FloatField(null=True, blank=True)
    tasks = models.PositiveIntegerField(help_text="audit tasks it rests on")
    blind = models.PositiveIntegerField(
        default=0, help_text="of these, how many were drawn from nothing"
    )
    audited = models.FloatField(default=0.0, help_text="share of the cube audited blind by then")
    note = models.TextField(blank=True, help_text="what it cannot say, in words")
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created"]

    def __str__(self) -> str:
        return f"certificate of {self.cube} after {self.round}"

    @property
    def vague(self) -> bool:
        """The interval is so wide that the estimate in it should not be read as a quality."""
        return self.low is None or self.high is None or self.high - self.low > 0.5

    @property
    def flattered(self) -> bool:
        """It rests on corrections over proposals alone: a first idea, and an upper bound."""
        return self.dice is not None and not self.blind

    @property
    def bounded(self) -> bool:
        """The upper bound says more than that a mask may be perfect."""
        return self.high is not None and self.high < 0.995
