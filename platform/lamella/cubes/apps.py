from django.apps import AppConfig


class CubesConfig(AppConfig):
    name = "lamella.cubes"
    label = "cubes"
    default_auto_field = "django.db.models.BigAutoField"
