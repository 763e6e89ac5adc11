"""The web application; granian serves it (synchronous: measured faster than every ASGI server)."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
for folder in (str(ROOT / "platform"), str(ROOT)):
    if folder not in sys.path:
        sys.path.insert(0, folder)
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lamella.config.settings")

from django.core.wsgi import get_wsgi_application  # noqa: E402

from lamella.config.settled import settle  # noqa: E402

application = get_wsgi_application()
settle()
