"""``manage.py scheduler``: the steady hand that brings lost work back."""

import logging
import signal
import threading
import time
from collections.abc import Sequence
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.utils.module_loading import import_string

from lamella.jobs import checks
from lamella.jobs.connections import drop_dead_connections

logger = logging.getLogger(__name__)

EVERY = 2.0  # seconds
HOUR = 3600.0


class Command(BaseCommand):
    help = (
        "Calls everything in settings.PERIODIC every two seconds, and what is in settings.HOURLY "
        "at once and every hour, until it is stopped."
    )
    # The other checks import every page: it is to be back quickly where it died.
    requires_system_checks = [checks.TAG]

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="one time only, then end")

    def handle(self, *args: Any, once: bool, **options: Any) -> None:
        stop = threading.Event()

        def on_signal(signum: int, frame: FrameType | None) -> None:
            stop.set()

        if not once:
            signal.signal(signal.SIGTERM, on_signal)
            signal.signal(signal.SIGINT, on_signal)
        last_hour = -HOUR
        while not stop.is_set():
            self.call(settings.PERIODIC, "in two seconds")
            if time.monotonic() - last_hour >= HOUR:
                last_hour = time.monotonic()
                self.call(settings.HOURLY, "in an hour")
            self.beat()
            if once:
                return
            stop.wait(EVERY)

    def call(self, paths: Sequence[str], again: str) -> None:
        """Call each in turn; a fault of one is logged and keeps no other from its turn."""
        for path in paths:
            # A database that was away for a while must not leave a dead connection behind.
            drop_dead_connections()
            try:
                import_string(path)()
            except Exception:
                logger.exception("%s failed; it is called again %s.", path, again)

    def beat(self) -> None:
        """Leave a sign of life."""
        beat = settings.DATA_DIR / "scheduler.beat"
        try:
            beat.touch()  # its age is what a health check looks at
        except OSError as error:
            logger.warning("%s could not be touched: %s", beat, error)
