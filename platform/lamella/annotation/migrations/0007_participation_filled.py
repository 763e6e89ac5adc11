"""Participations from the corrections that are there."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import Count, Max, Sum


def fill(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    corrections = apps.get_model("annotation", "Correction")
    participations = apps.get_model("annotation", "Participation")
    rows = (
        corrections.objects.filter(superseded_by__isnull=True, withdrawn__isnull=True)
        .order_by()
        .values("task__study", "volunteer")
        .annotate(made=Count("pk"), spent=Sum("active_seconds"), newest=Max("created"))
    )
    participations.objects.bulk_create(
        (
            participations(
                study_id=row["task__study"],
                volunteer_id=row["volunteer"],
                corrections=row["made"],
                seconds=row["spent"],
                last=row["newest"],
            )
            # At once: a cursor on the server is planned for its first rows, and takes hours for the last.
            for row in rows
        ),
        batch_size=500,
    )


class Migration(migrations.Migration):

    dependencies = [("annotation", "0006_participation"), ("rounds", "0005_review_queue")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
