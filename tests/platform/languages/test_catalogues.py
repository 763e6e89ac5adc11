"""The catalogues are complete, and say what their sources say."""

import re

import polib
import pytest

from lamella.languages.catalogues import SOURCES, source_of
from lamella.languages.extract import texts

LANGUAGES = sorted(path.stem for path in SOURCES.glob("*.po"))

_HOLES = {
    # What Django fills in, what str.format does, and the tags around words.
    "percent": re.compile(r"%\(\w+\)[a-z]|%%|%[a-z]"),
    "brace": re.compile(r"\{\w+\}"),
    "tag": re.compile(r"<[^>]+>"),
}


def catalogue(language: str) -> polib.POFile:
    return polib.pofile(str(source_of(language)))


def test_german_is_among_them() -> None:
    assert "de" in LANGUAGES


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_catalogue_knows_just_what_the_sources_say(language: str) -> None:
    known = {(e.msgctxt or "", e.msgid, e.msgid_plural) for e in catalogue(language)}
    said = {(text.context, text.msgid, text.plural) for text in texts()}
    assert said - known == set(), "run “make messages”, and translate what is new"
    assert known - said == set(), "run “make messages”"


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_is_missing_or_fuzzy(language: str) -> None:
    found = catalogue(language)
    assert [entry.msgid for entry in found if not entry.translated()] == []
    assert [entry.msgid for entry in found.fuzzy_entries()] == []
    assert [entry.msgid for entry in found.obsolete_entries()] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_translation_loses_a_placeholder(language: str) -> None:
    wrong = []
    for entry in catalogue(language):
        pairs = [(entry.msgid, entry.msgstr)]
        if entry.msgid_plural:
            # “1 slice” may or may not name its number.
            pairs = [(entry.msgid_plural, entry.msgstr_plural[1])]
            pairs.append((entry.msgid, entry.msgstr_plural[0]))
        for english, told in pairs:
            for hole in _HOLES.values():
                if sorted(hole.findall(english)) != sorted(hole.findall(told)):
                    wrong.append(f"{english!r}: {told!r}")
    assert wrong == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_translation_loses_its_margins(language: str) -> None:
    for entry in catalogue(language):
        if entry.msgstr:
            assert entry.msgstr.endswith("\n") == entry.msgid.endswith("\n"), entry.msgid
            assert entry.msgstr == entry.msgstr.strip(" "), entry.msgid
