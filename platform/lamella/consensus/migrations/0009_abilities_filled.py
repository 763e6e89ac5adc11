"""Abilities from the skills that are there."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from models.crowd.skills import Tally, estimate


def fill(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    skills = apps.get_model("consensus", "Skill")
    abilities = apps.get_model("annotation", "Ability")
    rows = skills.objects.filter(volunteer__isnull=False).order_by("version_id")
    # The last row of each volunteer counts.
    for volunteer, counts in dict(rows.values_list("volunteer", "tally").iterator(2000)).items():
        tally = Tally.of(counts)
        skill = estimate(tally)
        abilities.objects.create(
            volunteer_id=volunteer,
            hit=skill.hit,
            false_alarm=skill.false_alarm,
            spread=skill.spread,
            edge=skill.edge,
            bias=skill.bias,
            tasks=skill.weight,
            needed=tally.found + tally.missed + tally.struck + tally.passed,
            left=tally.missed + tally.passed,
            skill=skill.hit - skill.false_alarm,
        )


class Migration(migrations.Migration):

    dependencies = [("consensus", "0008_contested"), ("annotation", "0009_people")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
