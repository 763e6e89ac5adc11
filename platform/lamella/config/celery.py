"""The Celery application for the command line: ``celery -A workers.tasks worker``."""

import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lamella.config.settings")
# Django's checks import every page and every API schema: two thirds of the time in which a worker
# starts. The one that a worker's data depends on is made here.
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")
django.setup()

from lamella.jobs.bell import celery_app  # noqa: E402
from lamella.jobs.checks import check_sqlite_is_local  # noqa: E402

if _faults := check_sqlite_is_local(None):
    sys.exit(f"{_faults[0].msg} {_faults[0].hint}")

app = celery_app()
