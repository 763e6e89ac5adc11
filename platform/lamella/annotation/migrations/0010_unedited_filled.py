"""How many of the masks that are there were handed in as they were shown."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import Count


def fill(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    corrections = apps.get_model("annotation", "Correction")
    participations = apps.get_model("annotation", "Participation")
    rows = (
        corrections.objects.filter(superseded_by__isnull=True, withdrawn__isnull=True)
        .filter(changed_voxels=0)
        .order_by()
        .values("task__study", "volunteer")
        .annotate(unedited=Count("pk"))
    )
    for row in rows:
        participations.objects.filter(
            study=row["task__study"], volunteer=row["volunteer"]
        ).update(unedited=row["unedited"])


class Migration(migrations.Migration):

    dependencies = [("annotation", "0009_people")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
