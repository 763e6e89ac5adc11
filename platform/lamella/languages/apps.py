from django.apps import AppConfig


class LanguagesConfig(AppConfig):
    name = "lamella.languages"
    label = "languages"

    def ready(self) -> None:
        # Before the first text is asked for; takes a moment only after a catalogue has changed.
        from lamella.languages.catalogues import compile_all

        compile_all()
