"""Exports: label volumes with their provenance, on their way out."""

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
