from django.apps import AppConfig


class ConsensusConfig(AppConfig):
    name = "lamella.consensus"
    label = "consensus"
    default_auto_field = "django.db.models.BigAutoField"
