"""What the machine learned: training runs, model versions and their proposals."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from lamella.cubes.models import Cube, Labels
from lamella.studies.models import Study


class TrainingRun(models.Model):
    """A frozen data snapshot + configuration + code version, on the way to a model version."""

    class Kind(models.TextChoices):
        TRAIN = "train", _("on labels")
        PRETRAIN = "pretrain", _("without labels")

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")
        CANCELLED = "cancelled", _("cancelled")

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="training_runs")
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.TRAIN)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    job = models.ForeignKey(
        "jobs.Job", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    parent = models.ForeignKey(
        "ModelVersion", null=True, blank=True, on_delete=models.SET_NULL, related_name="children"
    )
    origin = models.ForeignKey(
        "ModelVersion",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="any study's version that it began from without going on with it",
    )
    config = models.JSONField(default=dict)
    # What it learns from, frozen: loop/training.py says what is in it.
    snapshot = models.JSONField(default=dict)
    data_hash = models.CharField(max_length=64)
    code_version = models.CharField(max_length=60)
    # [{"step", "seconds", "loss", "discriminator", "validation_dice", …}], thinned while it grows.
    curves = models.JSONField(default=list)
    # [{"step", "number", "cube", "z", "uri", "dice"}]: pictures of what it made of known slices.
    samples = models.JSONField(default=list)
    error = models.TextField(blank=True)
    created = models.DateTimeField(auto_now_add=True)
    started = models.DateTimeField(null=True, blank=True)
    finished = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"training run {self.pk}"


class ModelVersion(models.Model):
    """Weights and how they came about, or another tool's masks.

    One that was pretrained without labels knows no classes: it never serves, and is there for runs
    to start from.
    """

    class State(models.TextChoices):
        CANDIDATE = "candidate", _("candidate")
        SERVING = "serving", _("serving")
        RETIRED = "retired", _("retired")
        ORIGIN = "origin", _("to start from")

    class Kind(models.TextChoices):
        TRAINED = "trained", _("trained here")
        EXTERNAL = "external", _("another tool's")
        PRETRAINED = "pretrained", _("pretrained without labels")

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="model_versions")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=15, choices=Kind, default=Kind.TRAINED)
    state = models.CharField(max_length=10, choices=State, default=State.CANDIDATE)
    training_run = models.OneToOneField(
        TrainingRun, null=True, blank=True, on_delete=models.PROTECT, related_name="model_version"
    )
    labels = models.ForeignKey(
        Labels,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="the volume of an external model version",
    )
    checkpoint = models.CharField(
        max_length=500, blank=True, help_text="safetensors, relative to the store"
    )
    checksum = models.CharField(max_length=64, blank=True)
    voxel_size = models.JSONField(default=list)
    metrics = models.JSONField(default=dict)
    # The promotion gate's numbers and its decision in words.
    gate = models.JSONField(default=dict)
    created = models.DateTimeField(auto_now_add=True)
    served_from = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["study", "number"], name="one_version_a_number"),
            models.UniqueConstraint(
                fields=["study"], condition=models.Q(state="serving"), name="one_serving_version"
            ),
            models.CheckConstraint(
                condition=models.Q(kind="pretrained", state="origin")
                | ~models.Q(kind="pretrained") & ~models.Q(state="origin"),
                name="pretrained_versions_are_origins",
            ),
        ]

    def __str__(self) -> str:
        return f"version {self.number}"


class Proposal(models.Model):
    """A model version's mask for a cube, with probabilities; never changed once ready."""

    class State(models.TextChoices):
        WRITING = "writing", _("being written")
        READY = "ready", _("ready")

    cube = models.ForeignKey(Cube, on_delete=models.CASCADE, related_name="proposals")
    model_version = models.ForeignKey(
        ModelVersion, on_delete=models.PROTECT, related_name="proposals"
    )
    state = models.CharField(max_length=10, choices=State, default=State.WRITING)
    uri = models.CharField(max_length=500, blank=True)
    label_dtype = models.CharField(max_length=6, default="uint8")
    # The consensus and labels it was told about: {"consensus": [ids], "labels": [...]}.
    known = models.JSONField(default=dict)
    blend = models.JSONField(default=dict, help_text="weights of the log-odds blend")
    highest_id = models.PositiveBigIntegerField(
        null=True, blank=True, help_text="greatest object id, where labels are ids"
    )
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"proposal {self.pk} of {self.cube} by {self.model_version}"
