"""How well practice went, of those who practised before it was written down.

Masks from before scores were kept are left out until their volunteer's next one of practice; slices
since the last practice are counted from now on.
"""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import Avg, Count


def fill(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    corrections = apps.get_model("annotation", "Correction")
    participations = apps.get_model("annotation", "Participation")
    rows = (
        corrections.objects.filter(
            assignment__practice=True,
            task__kind="gold",
            gold_dice__isnull=False,
            superseded_by__isnull=True,
            withdrawn__isnull=True,
            quarantine__isnull=True,
        )
        .order_by()
        .values("task__study", "volunteer")
        .annotate(masks=Count("pk"), dice=Avg("gold_dice"))
    )
    for row in rows:
        participations.objects.filter(
            study=row["task__study"], volunteer=row["volunteer"]
        ).update(practised=row["masks"], practice_dice=row["dice"])


class Migration(migrations.Migration):

    dependencies = [("annotation", "0013_what_offers_ask")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
