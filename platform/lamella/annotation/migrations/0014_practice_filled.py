"""How well practice went, of those who practised before it was written down.

Who has a mask from before scores were kept is left open: their standing is worked out from their
masks until the next one of practice. Slices since the last practice are counted from now on.
"""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import Avg, Count, Q


def fill(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    corrections = apps.get_model("annotation", "Correction")
    participations = apps.get_model("annotation", "Participation")
    rows = (
        corrections.objects.filter(
            assignment__practice=True,
            task__kind="gold",
            superseded_by__isnull=True,
            withdrawn__isnull=True,
            quarantine__isnull=True,
        )
        .order_by()
        .values("task__study", "volunteer")
        .annotate(
            masks=Count("pk"),
            dice=Avg("gold_dice"),
            open=Count("pk", filter=Q(gold_dice__isnull=True)),
        )
    )
    for row in rows:
        scored = not row["open"]
        participations.objects.filter(
            study=row["task__study"], volunteer=row["volunteer"]
        ).update(
            practised=row["masks"] if scored else None,
            practice_dice=row["dice"] if scored else None,
        )


class Migration(migrations.Migration):

    dependencies = [("annotation", "0013_what_offers_ask")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
