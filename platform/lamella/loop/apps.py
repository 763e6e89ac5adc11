from django.apps import AppConfig


class LoopConfig(AppConfig):
    name = "lamella.loop"
    label = "loop"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from lamella.loop.waiting import lines_for
        from lamella.notices.digest import STANDING

        if lines_for not in STANDING:
            STANDING.append(lines_for)
