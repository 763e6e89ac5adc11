"""What is made of a cube's final mask: exports on their way out, and its catalogue of objects."""

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from lamella.cubes.models import Cube


class Export(models.Model):
    class Format(models.TextChoices):
        OME_ZARR_05 = "ome-zarr-0.5", "OME-Zarr 0.5"
        OME_ZARR_04 = "ome-zarr-0.4", "OME-Zarr 0.4"
        TIFF = "tiff", "TIFF"

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        RUNNING = "running", _("being written")
        READY = "ready", _("ready")
        FAILED = "failed", _("failed")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    cube = models.ForeignKey(Cube, on_delete=models.CASCADE, related_name="exports")
    format = models.CharField(max_length=15, choices=Format)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    error = models.TextField(blank=True)
    uri = models.CharField(max_length=500, blank=True)
    provenance_uri = models.CharField(max_length=500, blank=True)
    figures = models.JSONField(default=dict, help_text="seams, splits, merges, shares")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL
    )
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created"]

    def __str__(self) -> str:
        return f"{self.format} of {self.cube} ({self.state})"


class Catalogue(models.Model):
    """The objects of a cube's final mask, as it was when ``mark`` was its mark (virtual.py)."""

    cube = models.OneToOneField(Cube, on_delete=models.CASCADE, related_name="catalogue")
    mark = models.CharField(max_length=80, blank=True, help_text="empty until the first is made")
    count = models.PositiveIntegerField(default=0)
    made = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"catalogue of {self.cube}"


class CatalogueObject(models.Model):
    """One object; its place in voxels of the cube, ZYX."""

    catalogue = models.ForeignKey(Catalogue, on_delete=models.CASCADE, related_name="entries")
    number = models.PositiveIntegerField()
    value = models.PositiveBigIntegerField(help_text="class, or id in studies of single objects")
    volume = models.PositiveBigIntegerField(help_text="voxels")
    z = models.FloatField()
    y = models.FloatField()
    x = models.FloatField()
    box = models.JSONField(help_text="[z0, y0, x0, z1, y1, x1], the last ones past the end")
    doubt = models.FloatField(help_text="0 to 1: how likely it is not there")

    class Meta:
        indexes = [
            models.Index(fields=["catalogue", "-volume", "id"], name="largest_objects"),
            models.Index(fields=["catalogue", "-doubt", "id"], name="doubtful_objects"),
        ]

    def __str__(self) -> str:
        return f"object {self.number} of {self.catalogue}"
