from django.apps import AppConfig

from lamella.jobs import kinds
from lamella.jobs.kinds import Kind


class JobAppConfig(AppConfig):
    name = "tests.flows.jobapp"
    label = "jobapp"

    def ready(self) -> None:
        kinds.register(Kind("trial_train", "heavy", "A training for a test"))
        kinds.register(Kind("trial_quick", "light", "A quick job for a test"))
        kinds.register(Kind("trial_stubborn", "heavy", "A job that hears nothing"))
        from tests.flows.jobapp import handlers  # noqa: F401 (registers the handlers)
