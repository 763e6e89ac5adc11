"""What the loop keeps beside the records that it is made of."""

from django.db import models

from lamella.studies.models import Study


class Figures(models.Model):
    """Counts over more rows than a page can wait for, as they stood a moment ago: loop/kept.py."""

    key = models.CharField(max_length=60, primary_key=True)
    study = models.ForeignKey(
        Study,
        null=True,
        on_delete=models.CASCADE,
        related_name="+",
        help_text="empty: of all studies together",
    )
    value = models.JSONField()
    counted = models.DateTimeField()
    seconds = models.FloatField(help_text="that the counting took")

    class Meta:
        verbose_name_plural = "figures"

    def __str__(self) -> str:
        return self.key
