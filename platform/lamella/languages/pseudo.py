"""Pseudo-locales: English in disguise, to find what is not translated and what does not fit.

Every letter of a translated text carries an accent and the text is a third longer; so whatever
still reads as plain English on a page was never handed to the catalogue. One of the two runs from
right to left.
"""

import re
from collections.abc import Sequence
from pathlib import Path

import polib

PSEUDO = {"en-xa": "Pseudo", "ar-xb": "Pseudo, right to left"}

# A letter of these is read as itself, only with an ornament.
_PLAIN = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_ACCENTED = "ÅƁÇÐÉƑĜĤÎĴĶĻṀÑÖÞǪŔŠŢÛṼŴẊÝŽåƀçðéƒĝĥîĵķļɱñöþǫŕšţûṽŵẋýž"
_ORNAMENT = str.maketrans(_PLAIN, _ACCENTED)

# Placeholders, tags, entities and addresses stay as they are.
_KEPT = re.compile(r"%\(\w+\)[a-z]|%[sd%]|\{\w*\}|<[^>]*>|&\w+;|https?://\S+")


def disguise(text: str) -> str:
    """``text`` with accents, and as many ornaments behind it as make it a third longer."""
    parts, end = [], 0
    for kept in _KEPT.finditer(text):
        parts += [text[end : kept.start()].translate(_ORNAMENT), kept[0]]
        end = kept.end()
    parts.append(text[end:].translate(_ORNAMENT))
    letters = sum(character in _PLAIN for character in text)
    # In words of five, as the text beside them: one long word would not wrap.
    padding = ("~~~~ " * (letters // 15 + 1))[: letters // 3].rstrip()
    return "".join(parts) + (f" {padding}" if padding else "")


def disguised(sources: Sequence[Path], language: str) -> polib.POFile:
    """A catalogue of all msgids in ``sources``, disguised."""
    made = polib.POFile()
    made.metadata = {
        "Content-Type": "text/plain; charset=UTF-8",
        "Language": language,
        "Plural-Forms": "nplurals=2; plural=(n != 1);",
    }
    seen = set()
    for path in sources:
        for entry in polib.pofile(str(path)):
            key = (entry.msgctxt, entry.msgid)
            if entry.obsolete or key in seen:
                continue
            seen.add(key)
            made.append(_entry(entry))
    return made


def _entry(entry: polib.POEntry) -> polib.POEntry:
    plural = {0: disguise(entry.msgid), 1: disguise(entry.msgid_plural)}
    return polib.POEntry(
        msgctxt=entry.msgctxt,
        msgid=entry.msgid,
        msgid_plural=entry.msgid_plural,
        msgstr="" if entry.msgid_plural else disguise(entry.msgid),
        msgstr_plural=plural if entry.msgid_plural else {},
    )
