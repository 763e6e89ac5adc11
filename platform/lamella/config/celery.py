"""The Celery application for the command line: ``celery -A lamella.config.celery worker``."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lamella.config.settings")
django.setup()

from lamella.jobs.bell import celery_app  # noqa: E402

app = celery_app()
