"""``manage.py scheduler``: the steady hand that brings lost work back."""

import logging
import signal
import threading
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.utils.module_loading import import_string

from lamella.jobs import checks
from lamella.jobs.connections import drop_dead_connections

logger = logging.getLogger(__name__)

EVERY = 2.0  # seconds


class Command(BaseCommand):
    help = "Calls everything in settings.PERIODIC every two seconds, until it is stopped."
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
        while not stop.is_set():
            self.tick()
            if once:
                return
            stop.wait(EVERY)

    def tick(self) -> None:
        """Call each in turn; a fault of one is logged and keeps no other from its turn."""
        for path in settings.PERIODIC:
            # A database that was away for a while must not leave a dead connection behind.
            drop_dead_connections()
            try:
                import_string(path)()
            except Exception:
                logger.exception("%s failed; it is called again in two seconds.", path)
        beat = settings.DATA_DIR / "scheduler.beat"
        try:
            beat.touch()  # its age is what a health check looks at
        except OSError as error:
            logger.warning("%s could not be touched: %s", beat, error)
