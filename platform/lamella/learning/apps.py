from django.apps import AppConfig


class LearningConfig(AppConfig):
    name = "lamella.learning"
    label = "learning"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from lamella.jobs.kinds import on_end
        from lamella.learning.services import run_ended

        on_end("train", run_ended)
        on_end("pretrain", run_ended)
