"""Studies of verdicts, and what the review queue orders and filters by, from what is there."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import OuterRef, Subquery

from lamella.consensus.standing import MOST_BITS, standing_of
from lamella.volumes import codec

BATCH = 500


def fill(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    verdicts = apps.get_model("consensus", "Verdict")
    consensuses = apps.get_model("consensus", "Consensus")
    studies = consensuses.objects.filter(pk=OuterRef("consensus")).values("task__study")
    verdicts.objects.filter(study=None).update(study=Subquery(studies))

    tasks = apps.get_model("rounds", "Task")
    classes = apps.get_model("studies", "LabelClass")
    values: dict[int, list[int]] = {}
    for row in classes.objects.filter(study__instances=False).order_by("value"):
        values.setdefault(row.study_id, []).append(row.value)
    changed = []
    current = consensuses.objects.filter(current=True).select_related("task")
    for consensus in current.iterator(BATCH):
        task = consensus.task
        held = set(codec.unpack(bytes(consensus.mask), shape=(task.height, task.width)).flat)
        standing = standing_of(
            agreement=consensus.agreement,
            expected_error=consensus.expected_error,
            masks=len(consensus.corrections),
            score=task.score,
            holds=sum(
                1 << place
                for place, value in enumerate(values.get(task.study_id, [])[:MOST_BITS])
                if value in held
            ),
        )
        for name, value in standing.items():
            setattr(task, name, value)
        changed.append(task)
        if len(changed) == BATCH:
            tasks.objects.bulk_update(changed, ["risk", "expected_error", "holds"])
            changed = []
    tasks.objects.bulk_update(changed, ["risk", "expected_error", "holds"])


class Migration(migrations.Migration):

    dependencies = [
        ("consensus", "0005_trail"),
        ("rounds", "0005_review_queue"),
        ("studies", "0004_tutorial"),
    ]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
