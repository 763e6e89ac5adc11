"""Catalogues: .po files are the source, what gettext reads is made from them at start.

Nothing is compiled by a build step that somebody could forget, and no tool but pip's is needed
(docs/adr/0017-languages.md).
"""

import hashlib
import os
import tempfile
from importlib.util import find_spec
from pathlib import Path

import polib
from django.conf import settings
from django.utils.translation import to_locale

from lamella.languages.pseudo import PSEUDO, disguised

SOURCES = Path(__file__).parent / "locale"

# Packages whose texts stand on our pages: the pseudo-locales disguise these too.
_BORROWED = (
    ("django", "conf/locale/en"),
    ("django.contrib.auth", "locale/en"),
    ("allauth", "locale/de"),
)


def source_of(language: str) -> Path:
    """The catalogue that people edit."""
    return SOURCES / f"{language}.po"


def compile_all() -> None:
    """Make what is missing or out of date, for every language of the settings but English."""
    for language, _ in settings.LANGUAGES:
        if language in PSEUDO:
            _write(language, [source_of("de"), Path(disguised.__code__.co_filename), *_borrowed()])
        elif language != "en" and source_of(language).exists():
            _write(language, [source_of(language)])


def _borrowed() -> list[Path]:
    found = []
    for package, folder in _BORROWED:
        spec = find_spec(package)
        assert spec is not None
        assert spec.origin is not None
        found.append(Path(spec.origin).parent / folder / "LC_MESSAGES" / "django.po")
    return [path for path in found if path.exists()]


def _write(language: str, sources: list[Path]) -> None:
    folder = Path(settings.LOCALE_PATHS[0]) / to_locale(language) / "LC_MESSAGES"
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()
    stamp, compiled = folder / "digest", folder / "django.mo"
    if compiled.exists() and stamp.exists() and stamp.read_text() == digest:
        return
    folder.mkdir(parents=True, exist_ok=True)
    if language in PSEUDO:
        catalogue = disguised([path for path in sources if path.suffix == ".po"], language)
    else:
        catalogue = polib.pofile(str(sources[0]))
    # Several processes may start at once: each writes a file of its own and moves it into place.
    _replace(compiled, catalogue.to_binary())
    _replace(stamp, digest.encode())


def _replace(path: Path, content: bytes) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    Path(name).chmod(0o644)
    Path(name).replace(path)
