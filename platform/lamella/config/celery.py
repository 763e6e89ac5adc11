"""The Celery application. The web side only rings its bell; `workers` registers the tasks."""

import os

import celery
from django.conf import settings
from kombu import Queue

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lamella.config.settings")


def make_app() -> celery.Celery:
    app = celery.Celery("lamella")
    options: dict[str, object] = {}
    if settings.BROKER_URL.startswith("filesystem:"):
        for name in ("messages", "processed", "control"):
            (settings.BROKER_DIR / name).mkdir(parents=True, exist_ok=True)
        options = {
            "data_folder_in": str(settings.BROKER_DIR / "messages"),
            "data_folder_out": str(settings.BROKER_DIR / "messages"),
            "processed_folder": str(settings.BROKER_DIR / "processed"),
            "control_folder": str(settings.BROKER_DIR / "control"),
            "polling_interval": 0.1,
        }
    elif settings.BROKER_URL.startswith("redis"):
        options = {"visibility_timeout": 60, "socket_timeout": 5, "socket_connect_timeout": 5}
    app.conf.update(
        broker_url=settings.BROKER_URL,
        broker_transport_options=options,
        broker_connection_retry_on_startup=True,
        task_queues=[Queue("light"), Queue("heavy")],
        task_default_queue="light",
        task_ignore_result=True,
        # The Job row decides who works, so a message may be acknowledged at once.
        task_acks_late=False,
        worker_prefetch_multiplier=1,
        worker_send_task_events=False,
        worker_hijack_root_logger=False,
        task_publish_retry=False,
    )
    return app


app = make_app()
