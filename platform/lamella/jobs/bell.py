"""The doorbell: Celery carries a job's id to a worker, and may lose it without harm."""

import functools
import logging
from typing import TYPE_CHECKING

import celery
from django.conf import settings
from kombu.exceptions import ChannelError

if TYPE_CHECKING:
    from lamella.jobs.models import Job

logger = logging.getLogger(__name__)

TASK_NAME = "lamella.run"


def _transport_options() -> dict[str, object]:
    # Kombu would try for ever to connect to a broker that is away, while a person waits for the
    # page; the reconciler rings again, so one attempt is enough.
    once: dict[str, object] = {"max_retries": 1, "interval_start": 0, "interval_step": 0}
    if settings.BROKER_URL.startswith("filesystem:"):
        folders = {name: settings.BROKER_DIR / name for name in ("messages", "control")}
        for folder in folders.values():
            folder.mkdir(parents=True, exist_ok=True)
        return once | {
            "data_folder_in": str(folders["messages"]),
            "data_folder_out": str(folders["messages"]),
            "control_folder": str(folders["control"]),
            # The default of one second handles two messages a second.
            "polling_interval": 0.1,
        }
    if settings.BROKER_URL.startswith("redis"):
        return once | {"visibility_timeout": 60, "socket_timeout": 5, "socket_connect_timeout": 2}
    return once


@functools.cache
def celery_app() -> celery.Celery:
    """The Celery application of this process."""
    app = celery.Celery("lamella")
    app.conf.update(
        broker_url=settings.BROKER_URL,
        broker_transport_options=_transport_options(),
        broker_connection_retry_on_startup=True,
        # A worker outlives its broker: it waits for it to come back, however long.
        broker_connection_max_retries=None,
        task_default_queue="light",
        task_ignore_result=True,
        # The Job row decides who works, so a message may be acknowledged at once.
        task_acks_late=False,
        task_publish_retry=False,
        worker_prefetch_multiplier=1,
        worker_send_task_events=False,
        worker_enable_remote_control=False,
        worker_hijack_root_logger=False,
        worker_cancel_long_running_tasks_on_connection_loss=False,
    )
    return app


def ring(job: "Job") -> bool:
    """Tell the broker about a job. Never raises: False if the broker could not be told."""
    try:
        celery_app().send_task(TASK_NAME, args=[str(job.pk)], queue=job.queue)
    except Exception as error:
        logger.warning("The broker could not be told about job %s: %r", job.pk, error)
        return False
    return True


def messages(queue: str) -> int | None:
    """How many messages wait in the broker's queue; None if the broker does not answer."""
    try:
        with celery_app().connection_for_write() as connection:
            try:
                count = connection.default_channel.queue_declare(queue, passive=True).message_count
            except ChannelError:  # Redis knows no empty queues
                return 0
    except Exception as error:
        logger.warning("The broker does not answer: %r", error)
        return None
    return int(count)
