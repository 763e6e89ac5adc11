"""The built front end: which files an entry of Vite's manifest needs."""

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings


@dataclass(frozen=True)
class Entry:
    """Addresses under /static/web/ that a page links for one entry."""

    script: str
    styles: tuple[str, ...]
    preloads: tuple[str, ...]


_cache: dict[Path, tuple[float, dict[str, Any]]] = {}


def manifest() -> dict[str, Any]:
    """The manifest, read again when a build has replaced it; empty without a build."""
    path = Path(settings.FRONTEND_DIST) / "manifest.json"
    try:
        stamp = path.stat().st_mtime
    except FileNotFoundError:
        return {}
    known = _cache.get(path)
    if known is None or known[0] != stamp:
        known = (stamp, json.loads(path.read_text()))
        _cache[path] = known
    return known[1]


def entry(name: str) -> Entry | None:
    """What the entry ``src/<name>/main.ts`` needs, or None when it has not been built."""
    chunks = manifest()
    if name not in chunks:
        return None
    seen: list[str] = []
    _collect(chunks, name, seen)
    prefix = f"{settings.STATIC_URL}web/"
    styles = dict.fromkeys(css for key in seen for css in chunks[key].get("css", ()))
    # The manifest may name what entries share after an entry's own styles, which are to win.
    users = Counter(css for chunk in chunks.values() for css in chunk.get("css", ()))
    ordered = sorted(styles, key=lambda css: users[css] == 1)
    return Entry(
        script=prefix + chunks[name]["file"],
        styles=tuple(prefix + css for css in ordered),
        preloads=tuple(prefix + chunks[key]["file"] for key in seen if key != name),
    )


def _collect(chunks: dict[str, Any], key: str, seen: list[str]) -> None:
    """Imports first, so that an entry's own styles come last and win."""
    if key in seen:
        return
    for imported in chunks[key].get("imports", ()):
        _collect(chunks, imported, seen)
    if key not in seen:
        seen.append(key)
