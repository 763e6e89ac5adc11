"""What the pages count of large studies, kept so that nobody waits while it is counted."""

from django.db import models

from lamella.studies.models import Study


class Counts(models.Model):
    """The counts of a study (loop.counts) as they were at ``made``."""

    study = models.OneToOneField(Study, on_delete=models.CASCADE, related_name="counts")
    data = models.JSONField(default=dict)
    made = models.DateTimeField()

    class Meta:
        verbose_name_plural = "counts"
        indexes = [models.Index(fields=["made"], name="counts_made")]

    def __str__(self) -> str:
        return f"counts of {self.study}"
