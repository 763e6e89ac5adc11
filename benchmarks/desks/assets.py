"""What a page makes a browser fetch, images left out."""

import gzip
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles import finders

_LINKED = re.compile(
    rb'<script[^>]* src="([^"]+)"|<link[^>]*rel="(?:stylesheet|modulepreload)"[^>]* href="([^"]+)"'
)
# Browsers fetch of a font what the text needs: Latin, in the languages that there are.
_FONT = re.compile(rb"url\(([^)]*inter-latin-wght[^)]*\.woff2)\)")


@dataclass(frozen=True)
class Weight:
    """Bytes as they are sent (nothing is compressed); scripts also gzipped."""

    page: int
    linked: int
    script_gz: int

    @property
    def all(self) -> int:
        return self.page + self.linked


def weigh(html: bytes) -> Weight:
    paths = {(a or b).decode() for a, b in _LINKED.findall(html)}
    linked = script = 0
    for path in paths:
        if not path.startswith(settings.STATIC_URL):
            continue
        sent, zipped, fonts = _file(path)
        linked += sent + fonts
        script += zipped
    return Weight(len(html), linked, script)


@lru_cache(maxsize=256)
def _file(path: str) -> tuple[int, int, int]:
    """(bytes, gzipped bytes of a script, bytes of the font that a style names)."""
    dist = Path(settings.FRONTEND_DIST)
    file = finders.find(path.removeprefix(settings.STATIC_URL))
    if file is None:
        raise FileNotFoundError(f"{path} is on a page, and no file is served there; build the web.")
    data = Path(file).read_bytes()
    if path.endswith(".js"):
        return len(data), len(gzip.compress(data, 9)), 0
    names = {name.decode().rsplit("/", 1)[-1].strip("\"'") for name in _FONT.findall(data)}
    return len(data), 0, sum((dist / "assets" / name).stat().st_size for name in names)
