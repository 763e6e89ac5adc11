"""Cubes, label volumes that came with them, and uploads on their way."""

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from lamella.studies.models import LabelDtype, Study


class VolumeState(models.TextChoices):
    WAITING = "waiting", _("waiting")
    INGESTING = "ingesting", _("being read")
    READY = "ready", _("ready")
    FAILED = "failed", _("failed")


class Cube(models.Model):
    """A 3D image volume as OME-Zarr, axes ZYX."""

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="cubes")
    name = models.CharField(max_length=120)
    state = models.CharField(max_length=10, choices=VolumeState, default=VolumeState.WAITING)
    error = models.TextField(blank=True, help_text="one plain sentence")
    managed = models.BooleanField(
        default=True, help_text="written by Lamella; otherwise registered in place, read-only"
    )
    source = models.JSONField(default=dict, help_text="path or upload, dataset, axes, channel")
    uri = models.CharField(max_length=500, blank=True, help_text="OME-Zarr, relative to the store")

    shape = models.JSONField(default=list, help_text="[Z, Y, X]")
    dtype = models.CharField(max_length=10, blank=True)
    voxel_size = models.JSONField(default=list, help_text="[z, y, x]")
    unit = models.CharField(max_length=20, blank=True)
    low = models.FloatField(default=0.0, help_text="robust intensity range")
    high = models.FloatField(default=255.0)
    checksum = models.CharField(max_length=64, blank=True)
    licence = models.CharField(max_length=200, blank=True)
    citation = models.TextField(blank=True)
    embargo_until = models.DateField(null=True, blank=True)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["study", "name"], name="one_cube_a_name_and_study")
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def depth(self) -> int:
        return int(self.shape[0])


class LabelsRole(models.TextChoices):
    GOLD = "gold", _("gold")
    TRAINING = "training", _("training")
    TEST = "test", _("test")
    EXTERNAL = "external", _("external proposal")


class Labels(models.Model):
    """A label volume of a cube, with the role it may play."""

    cube = models.ForeignKey(Cube, on_delete=models.CASCADE, related_name="labels")
    name = models.CharField(max_length=120)
    role = models.CharField(max_length=10, choices=LabelsRole)
    state = models.CharField(max_length=10, choices=VolumeState, default=VolumeState.WAITING)
    error = models.TextField(blank=True)
    source = models.JSONField(default=dict)
    mapping = models.JSONField(default=dict, help_text="source value -> class value; empty: as is")
    uri = models.CharField(max_length=500, blank=True)
    dtype = models.CharField(max_length=6, choices=LabelDtype, blank=True)
    # Which slices are labelled; null means all of them.
    slices = models.JSONField(null=True, blank=True)
    checksum = models.CharField(max_length=64, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL
    )
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "labels"
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.name} ({self.role}) of {self.cube}"


class Upload(models.Model):
    """A file on its way from a browser; it goes on where it stopped."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="uploads")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    filename = models.CharField(max_length=255)
    size = models.PositiveBigIntegerField()
    received = models.PositiveBigIntegerField(default=0)
    complete = models.BooleanField(default=False)
    created = models.DateTimeField(auto_now_add=True)
    touched = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return self.filename
