from django.apps import AppConfig


class ExchangeConfig(AppConfig):
    name = "lamella.exchange"
    label = "exchange"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from lamella.exchange.catalogues import catalogue_ended
        from lamella.exchange.services import export_ended
        from lamella.jobs.kinds import on_end

        on_end("export", export_ended)
        on_end("catalogue", catalogue_ended)
