"""A catalogue beside the sources: what they lost goes, what is new waits for its translation."""

from collections.abc import Iterable
from pathlib import Path

import polib

from lamella.languages.extract import Text, texts

_FORMS = "nplurals=2; plural=(n != 1);"


def merged(path: Path, language: str) -> polib.POFile:
    """The catalogue at ``path``, or a new one, with just the texts of the sources, in their order.

    No translation is guessed from a similar text: a wrong one is harder to see than none.
    """
    old = polib.pofile(str(path), wrapwidth=100) if path.exists() else polib.POFile()
    known = {(e.msgctxt or "", e.msgid, e.msgid_plural): e for e in old if not e.obsolete}
    made = polib.POFile(wrapwidth=100)
    made.metadata = old.metadata or {
        "Project-Id-Version": "Lamella",
        "Language": language,
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
        "Plural-Forms": _FORMS,
    }
    for (context, msgid, plural), files in _by_text(texts()).items():
        entry = known.get((context, msgid, plural)) or polib.POEntry(
            msgctxt=context or None,
            msgid=msgid,
            msgid_plural=plural,
            msgstr_plural={0: "", 1: ""} if plural else {},
        )
        # Files without lines: a catalogue changes with its texts alone.
        entry.occurrences = [(file, "") for file in files]
        entry.flags = [flag for flag in entry.flags if flag == "fuzzy"]
        made.append(entry)
    return made


def _by_text(found: Iterable[Text]) -> dict[tuple[str, str, str], list[str]]:
    files: dict[tuple[str, str, str], list[str]] = {}
    for text in found:
        files.setdefault((text.context, text.msgid, text.plural), []).append(text.file)
    return files
