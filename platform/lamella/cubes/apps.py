from django.apps import AppConfig


class CubesConfig(AppConfig):
    name = "lamella.cubes"
    label = "cubes"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from lamella.cubes.services import ingest_ended
        from lamella.jobs.kinds import on_end

        on_end("ingest_cube", ingest_ended)
        on_end("import_labels", ingest_ended)
