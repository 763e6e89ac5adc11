"""Rows of a CSV file that somebody may have broken: what can be read is, and the rest is named."""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence

LONGEST = 2**27
"""Characters of a field at most; annotations of one image can be long."""


class RowError(ValueError):
    """A row cannot be read; the text says why, to stand after "Row 5 was left out"."""


def rows_of(
    lines: Iterable[str], names: Sequence[str]
) -> Iterator[tuple[int, Mapping[str, str | None] | RowError]]:
    """(number, its fields by name) of each row after the header, which is row 1.

    A field may run over lines, in quotes. Of a quote that nobody closed only the row that holds it
    is lost: it ends where a line by itself is a whole row. Missing fields are None.
    """
    number, held = 1, ""
    for line in lines:
        if held and _whole(line, len(names)):
            number += 1
            yield number, RowError("a quotation mark in it is never closed")
            held = ""
        text = held + line
        if text.count('"') % 2:
            held = text
            continue
        held = ""
        if not text.strip():
            continue
        number += 1
        yield number, _fields(text, names)
    if held:
        yield number + 1, RowError("a quotation mark in it is never closed")


def header_of(lines: Iterator[str]) -> list[str]:
    """The names of the columns; empty where there is no line."""
    found = _parsed(next(lines, ""))
    return [] if isinstance(found, RowError) else [name.strip() for name in found]


def _whole(line: str, width: int) -> bool:
    if line.count('"') % 2 or width < 3:
        return False
    found = _parsed(line)
    return not isinstance(found, RowError) and len(found) == width


def _fields(text: str, names: Sequence[str]) -> Mapping[str, str | None] | RowError:
    found = _parsed(text)
    if isinstance(found, RowError):
        return found
    padded: list[str | None] = [*found, *[None] * (len(names) - len(found))]
    return dict(zip(names, padded, strict=False))


def _parsed(text: str) -> list[str] | RowError:
    if "\0" in text:
        return RowError("it holds a zero byte")
    if '"' not in text:
        return text.rstrip("\r\n").split(",")
    csv.field_size_limit(LONGEST)
    try:
        return next(csv.reader([text]), [])
    except csv.Error as error:
        return RowError(f"it is no row of a CSV file ({error})")
