"""What the domain says in English is told in the reader's language."""

from collections.abc import Iterator

import pytest
from django.utils import translation

from lamella.languages.pseudo import disguise
from lamella.languages.sentences import said


@pytest.fixture
def german() -> Iterator[None]:
    with translation.override("de"):
        yield


def test_in_english_a_sentence_stays_as_it_is() -> None:
    assert said("stack.tif is cut short.") == "stack.tif is cut short."


@pytest.mark.usefixtures("german")
def test_what_is_filled_in_is_found_again() -> None:
    assert said("stack.tif is cut short.") == "stack.tif ist abgeschnitten."
    assert said("Read block 1") == "block 1 einlesen"


@pytest.mark.usefixtures("german")
def test_of_two_that_fit_the_one_with_more_words_is_meant() -> None:
    assert said("stack.tif is cut short in page 3.") == "stack.tif ist auf Seite 3 abgeschnitten."


@pytest.mark.usefixtures("german")
def test_a_sentence_within_a_sentence_is_translated_too() -> None:
    told = said("Slice 4: the discriminator finds its proposal unreal (1 of 20, score 0.3).")
    assert told == (
        "Schicht 4: der Diskriminator findet ihren Vorschlag unecht (1 von 20, Wert 0.3)."
    )


@pytest.mark.usefixtures("german")
def test_sentences_in_a_row_are_translated_one_by_one() -> None:
    told = said("From 6 audited tasks of 40. So few tasks allow only a rough estimate.")
    assert told == (
        "Aus 6 geprüften Aufgaben von 40. So wenige Aufgaben erlauben nur eine grobe Schätzung."
    )


@pytest.mark.usefixtures("german")
def test_what_nobody_translated_is_shown_as_it_is() -> None:
    assert said("A word that no source says.") == "A word that no source says."
    assert said("") == ""


def test_what_was_asked_for_in_one_language_is_not_given_in_another() -> None:
    with translation.override("de"):
        assert said("drawn by experts") == "von Fachleuten gezeichnet"
    with translation.override("en"):
        assert said("drawn by experts") == "drawn by experts"


def test_the_disguise_keeps_what_is_filled_in_and_makes_texts_longer() -> None:
    told = disguise('Hello %(name)s, <a href="%(home)s">go {where}</a>: 95 %% of them')
    for kept in ("%(name)s", '<a href="%(home)s">', "{where}", "</a>", "%%"):
        assert kept in told
    assert len(told) >= 1.2 * len('Hello %(name)s, <a href="%(home)s">go {where}</a>: 95 %% of')
    assert "Hello" not in told
