from django.apps import AppConfig
from django.core.checks import register


class JobsConfig(AppConfig):
    name = "lamella.jobs"
    label = "jobs"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from lamella.jobs.checks import TAG, check_sqlite_is_local

        register(check_sqlite_is_local, TAG)
