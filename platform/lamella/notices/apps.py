from django.apps import AppConfig


class NoticesConfig(AppConfig):
    name = "lamella.notices"
    label = "notices"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from lamella.jobs.kinds import KINDS, Kind, on_end, register
        from lamella.notices.telling import tell_of_failure, tell_of_role, tell_of_state
        from lamella.studies.hooks import on_role, on_state

        register(Kind("digest", "light", "Send a digest"))
        for kind in KINDS:
            on_end(kind, tell_of_failure)
        on_state(tell_of_state)
        on_role(tell_of_role)
