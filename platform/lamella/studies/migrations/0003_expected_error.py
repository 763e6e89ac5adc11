from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("studies", "0002_limits")]

    operations = [
        migrations.AlterField(
            model_name="study",
            name="strategy",
            field=models.CharField(default="expected_error", max_length=40),
        ),
    ]
